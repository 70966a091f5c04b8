/** Every module of a package, or only those named: paths below `src`, a directory standing for what is in it. */
export type Where = 'everywhere' | readonly string[];

/** What a package may import, and where: packages of this repository by short name, others by name, `node:` for all of Node. */
export type Layer = Readonly<Record<string, Where>>;

/** The package map. A package stands after everything that it may import; what is not listed is refused. */
export const layers: Readonly<Record<string, Layer>> = {
  der: {},
  x509: { der: 'everywhere', '@noble/hashes': ['key-identifier', 'ocsp/cert-id'] },
  pkcs8: {
    der: 'everywhere',
    x509: 'everywhere',
    '@noble/hashes': ['hashes', 'hmac', 'legacy', 'pbkdf1', 'pbkdf2', 'scrypt'],
  },
  pkcs12: { der: 'everywhere', x509: 'everywhere', pkcs8: 'everywhere', '@noble/hashes': ['entries'] },
  pkcs10: { der: 'everywhere', x509: 'everywhere' },
  keys: {
    der: 'everywhere',
    x509: 'everywhere',
    pkcs8: 'everywhere',
    '@noble/curves': ['noble'],
    '@noble/hashes': ['noble', 'ml-dsa', 'ml-dsa-expanded'],
    '@noble/post-quantum': ['ml-dsa'],
    'node:': ['node', 'pkcs11', 'pkcs11-token'],
  },
  wasm: { keys: 'everywhere', x509: ['pool'], piscina: ['pool'], 'node:': ['generator', 'pool'] },
  ca: { der: 'everywhere', x509: 'everywhere', pkcs10: 'everywhere' },
  rotation: { der: 'everywhere', x509: 'everywhere', 'node:': ['fs', 'testing'] },
  tls: { der: 'everywhere', x509: 'everywhere', rotation: 'everywhere', undici: ['client'], 'node:': 'everywhere' },
  'pod-certificates': {
    der: 'everywhere',
    x509: 'everywhere',
    pkcs8: 'everywhere',
    pkcs10: 'everywhere',
    keys: ['node', 'testing'],
    ca: 'everywhere',
    rotation: 'everywhere',
    undici: ['kubernetes'],
    yaml: ['kubernetes'],
    'node:': ['kubernetes', 'node', 'persistence', 'testing'],
  },
  console: {
    der: 'everywhere',
    x509: 'everywhere',
    pkcs8: 'everywhere',
    pkcs10: 'everywhere',
    pkcs12: 'everywhere',
    keys: 'everywhere',
    preact: 'everywhere',
    uplot: ['status'],
  },
  cli: {
    der: 'everywhere',
    x509: 'everywhere',
    pkcs8: 'everywhere',
    pkcs10: 'everywhere',
    pkcs12: 'everywhere',
    keys: 'everywhere',
    wasm: ['up'],
    ca: 'everywhere',
    console: 'everywhere',
    rotation: 'everywhere',
    'pod-certificates': 'everywhere',
    tls: 'everywhere',
    yaml: 'everywhere',
    zod: 'everywhere',
    tldts: 'everywhere',
    commander: 'everywhere',
    'log-update': 'everywhere',
    'prom-client': ['prometheus'],
    // Only the example client uses it.
    undici: [],
    'node:': 'everywhere',
  },
  interop: {
    der: 'everywhere',
    x509: 'everywhere',
    pkcs8: 'everywhere',
    pkcs10: 'everywhere',
    keys: 'everywhere',
    pkijs: 'everywhere',
    asn1js: 'everywhere',
    'node:': 'everywhere',
  },
};

/** What tests may import besides: they stay out of the packages that are published. */
export const testsOnly: ReadonlySet<string> = new Set([
  'node:',
  'vitest',
  'fast-check',
  'esbuild',
  'pkijs',
  'asn1js',
  '@noble/curves',
]);
