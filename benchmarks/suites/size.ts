import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { directory } from '../directory.js';
import type { Outcome } from '../report.js';

/** What a page imports for a job, by package and name; all of it where a library cannot be taken apart. */
const jobs: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>>> = {
  csr: {
    mayfly: {
      '@mayfly/der/pem': ['encodePem'],
      '@mayfly/keys/webcrypto': ['generateKey'],
      '@mayfly/pkcs10': ['createCertificationRequest'],
      '@mayfly/x509/extensions': ['subjectAltNameExtension'],
      '@mayfly/x509/name': ['buildName', 'encodeName'],
    },
    pkijs: {
      pkijs: [
        ...['CertificationRequest', 'AttributeTypeAndValue', 'Attribute', 'Extension', 'Extensions', 'GeneralName'],
        ...['GeneralNames', 'CryptoEngine', 'setEngine'],
      ],
      asn1js: ['Utf8String'],
    },
    '@peculiar/x509': {
      'reflect-metadata': [],
      '@peculiar/x509': ['Pkcs10CertificateRequestGenerator', 'SubjectAlternativeNameExtension'],
    },
    'node-forge': { 'node-forge': ['default'] },
    jsrsasign: { jsrsasign: ['KJUR', 'KEYUTIL'] },
  },
  parse: {
    mayfly: {
      '@mayfly/x509': ['parseCertificate'],
      '@mayfly/x509/extensions': ['subjectAltName'],
      '@mayfly/x509/name': ['parseName', 'attributeValues'],
    },
    pkijs: { pkijs: ['Certificate'] },
    '@peculiar/x509': { 'reflect-metadata': [], '@peculiar/x509': ['X509Certificate'] },
    'node-forge': { 'node-forge': ['default'] },
    jsrsasign: { jsrsasign: ['X509'] },
  },
};

/** A bundle of what a page needs, minified and gzipped, as esbuild makes it for browsers from the published packages. */
export async function outcomes(): Promise<readonly Outcome[]> {
  const all: Outcome[] = [];
  for (const [job, libraries] of Object.entries(jobs))
    for (const [impl, imports] of Object.entries(libraries))
      all.push({ name: `size/${job}`, impl, bytes: gzipSync(await bundle(imports), { level: 9 }).length });
  return all;
}

async function bundle(imports: Readonly<Record<string, readonly string[]>>): Promise<Uint8Array> {
  const lines = Object.entries(imports).map(([module, names]) =>
    names.length === 0 ? `import '${module}';` : `export { ${names.join(', ')} } from '${module}';`,
  );
  const { outputFiles } = await build({
    stdin: { contents: lines.join('\n'), resolveDir: fileURLToPath(directory) },
    ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2023' },
    external: ['node:*', 'crypto', 'buffer'], // what node-forge and jsrsasign ask for and do without
    ...{ write: false, logLevel: 'silent' },
  });
  return outputFiles[0]!.contents; // of the one entry
}
