import type { KeyDefinition, KeyFormDefinition } from './types.js';

const ec = (name: string, curve: string): KeyDefinition => ({
  name,
  about: `a ${curve} key`,
  genpkey: ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`, '-pkeyopt', 'ec_param_enc:named_curve'],
});
const rsa = (bits: number): KeyDefinition => ({
  name: `rsa${bits}`,
  about: `an RSA key of ${bits} bits`,
  genpkey: ['-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`],
});

/** Keys are the inputs of all else: committed, and made anew only by `--new-keys`. */
export const keys: readonly KeyDefinition[] = [
  ec('p256', 'P-256'),
  ec('p384', 'P-384'),
  ec('p521', 'P-521'),
  { name: 'ed25519', about: 'an Ed25519 key', genpkey: ['-algorithm', 'ED25519'] },
  { name: 'ed25519-other', about: 'another Ed25519 key', genpkey: ['-algorithm', 'ED25519'] },
  rsa(2048),
  rsa(3072),
  rsa(4096),
];

/** The password of every encrypted key. */
const PASSWORD = 'mayfly';

const isRsa = (key: string): boolean => key.startsWith('rsa');
const isEc = (key: string): boolean => key.startsWith('p');

const publicKeys = keys.map(
  ({ name }): KeyFormDefinition => ({
    name: `${name}-public`,
    about: `SubjectPublicKeyInfo of ${name}`,
    key: name,
    kind: 'public-key',
    form: 'spki',
    openssl: ['pkey', '-in', 'KEY', '-pubout'],
  }),
);
const ecKeys = keys
  .filter(({ name }) => isEc(name))
  .flatMap(({ name }): readonly KeyFormDefinition[] => [
    {
      name: `${name}-sec1`,
      about: `${name} as ECPrivateKey (RFC 5915)`,
      key: name,
      kind: 'private-key',
      form: 'sec1',
      openssl: ['pkey', '-in', 'KEY', '-traditional'],
    },
    {
      name: `${name}-sec1-without-public-key`,
      about: `${name} as ECPrivateKey without the public key`,
      key: name,
      kind: 'private-key',
      form: 'sec1',
      openssl: ['ec', '-in', 'KEY', '-no_public'],
    },
  ]);
const rsaKeys = keys
  .filter(({ name }) => isRsa(name))
  .flatMap(({ name }): readonly KeyFormDefinition[] => [
    {
      name: `${name}-pkcs1`,
      about: `${name} as RSAPrivateKey (RFC 8017)`,
      key: name,
      kind: 'private-key',
      form: 'pkcs1',
      openssl: ['pkey', '-in', 'KEY', '-traditional'],
    },
    {
      name: `${name}-pkcs1-public`,
      about: `${name} as RSAPublicKey (RFC 8017)`,
      key: name,
      kind: 'public-key',
      form: 'pkcs1',
      openssl: ['rsa', '-in', 'KEY', '-RSAPublicKey_out'],
    },
  ]);

/** PBES2 with few iterations, so that tests are quick. */
const encrypted = (name: string, key: string, about: string, ...args: readonly string[]): KeyFormDefinition => ({
  name: `${name}`,
  about: `${key} in PKCS#8, encrypted by ${about}`,
  key,
  kind: 'private-key',
  form: 'pkcs8-encrypted',
  openssl: ['pkcs8', '-topk8', '-in', 'KEY', '-passout', `pass:${PASSWORD}`, ...args],
  password: PASSWORD,
});
const pbes2 = (key: string, cipher: string, prf: string): KeyFormDefinition =>
  encrypted(
    `${key}-pbes2-${cipher}-${prf.toLowerCase().replace('hmacwith', '')}`,
    key,
    `PBES2, PBKDF2 with ${prf}, ${cipher}`,
    '-v2',
    cipher,
    '-v2prf',
    prf,
    '-iter',
    '1000',
  );

const ciphers = ['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc'];
const prfs = ['hmacWithSHA1', 'hmacWithSHA256', 'hmacWithSHA384', 'hmacWithSHA512'];

const encryptedKeys: readonly KeyFormDefinition[] = [
  ...ciphers.flatMap((cipher) => prfs.map((prf) => pbes2('p256', cipher, prf))),
  pbes2('ed25519', 'aes-256-cbc', 'hmacWithSHA256'),
  pbes2('p384', 'aes-256-cbc', 'hmacWithSHA256'),
  pbes2('p521', 'aes-256-cbc', 'hmacWithSHA256'),
  pbes2('rsa2048', 'aes-256-cbc', 'hmacWithSHA256'),
  {
    ...pbes2('p256', 'des3', 'hmacWithSHA256'),
    refused: 'ERR_PKCS8_UNSUPPORTED',
  },
  encrypted('p256-pbes2-aes-256-cbc-scrypt', 'p256', 'PBES2, scrypt, aes-256-cbc', '-scrypt', '-scrypt_N', '1024'),
  {
    ...encrypted('p256-pbes1-sha1-3des', 'p256', 'the PKCS#12 scheme with SHA-1 and 3DES', '-v1', 'PBE-SHA1-3DES'),
    refused: 'ERR_PKCS8_UNSUPPORTED',
  },
];

const oddKeys: readonly KeyFormDefinition[] = [
  {
    name: 'p256-legacy-encrypted',
    about: 'p256 as ECPrivateKey, encrypted under RFC 1421 headers',
    key: 'p256',
    kind: 'private-key',
    form: 'legacy-encrypted',
    openssl: ['ec', '-in', 'KEY', '-aes128', '-passout', `pass:${PASSWORD}`],
    password: PASSWORD,
    refused: 'ERR_PKCS8_UNSUPPORTED',
  },
  {
    name: 'p256-compressed-public',
    about: 'p256 with a compressed point',
    key: 'p256',
    kind: 'public-key',
    form: 'spki',
    openssl: ['ec', '-in', 'KEY', '-pubout', '-conv_form', 'compressed'],
  },
];

export const keyForms: readonly KeyFormDefinition[] = [
  ...publicKeys,
  ...ecKeys,
  ...rsaKeys,
  ...encryptedKeys,
  ...oddKeys,
];
