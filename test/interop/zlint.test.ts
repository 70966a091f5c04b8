/** Certificates of every profile with random contents, held against our own lints and zlint, where that is installed or named by ZLINT. */
import { spawnSync } from 'node:child_process';
import { compile, issueSync, type Profile } from '@mayfly/ca';
import { podClient, podPeer, podServer, spiffeWorkload, subCa } from '@mayfly/ca/profiles';
import { encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { parseCertificate } from '@mayfly/x509';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import type { GeneralName } from '@mayfly/x509/general-name';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { lintCertificate } from '@mayfly/x509/lint';
import { buildName, encodeName } from '@mayfly/x509/name';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openBench } from './bench.js';

const bench = openBench();
afterAll(bench.remove);

const zlint = process.env['ZLINT'] ?? 'zlint';
const isInstalled = spawnSync(zlint, ['-version']).error === undefined;

const CERTIFICATES = 1000;
const now = Math.floor(Date.UTC(2026, 5, 1) / 1000);

const key = generateKeySync('P-256');
const leafKeys = (['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048'] as const).map((type) => generateKeySync(type));
const root = parseCertificate(
  createCertificateSync(
    rootContents(
      {
        serialNumber: (1n << 100n) | 7n,
        validity: { notBefore: now - 86_400, notAfter: now + 3650 * 86_400 },
        subject: encodeName(buildName({ country: 'DE', organization: 'Mayfly', commonName: 'Root' })),
        subjectKeyIdentifier: rfc7093KeyIdentifier(key.subjectPublicKeyInfo),
      },
      key,
    ),
    key,
  ),
);
const issuer = { certificate: root, chain: [], key };

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
const host = fc.tuple(label, label).map(([a, b]) => `${a}.${b}.example.com`);
const alternative: fc.Arbitrary<GeneralName> = fc.oneof(
  host.map((value): GeneralName => ({ type: 'dNSName', value })),
  fc.uint8Array({ minLength: 4, maxLength: 4 }).map((value): GeneralName => ({ type: 'iPAddress', value })),
  label.map((name): GeneralName => ({ type: 'uniformResourceIdentifier', value: `spiffe://example.com/ns/${name}` })),
);
const spiffeId = label.map(
  (name): GeneralName => ({ type: 'uniformResourceIdentifier', value: `spiffe://example.com/${name}` }),
);
const contents = fc.record({
  organization: fc.stringMatching(/^[A-Za-z][A-Za-z0-9 ]{0,40}[a-z]$/),
  commonName: host,
  alternatives: fc.uniqueArray(alternative, { minLength: 1, maxLength: 5, selector: (name) => JSON.stringify(name) }),
  svid: spiffeId,
  lifetime: fc.integer({ min: 600, max: 86_400 }),
  key: fc.integer({ min: 0, max: leafKeys.length - 1 }),
});

/**
 * What zlint says at error level of certificates that are not of the Web's PKI: the Baseline Requirements ask for public
 * suffixes, SCTs and contact with their own authorities, so RFC 5280 and its company are the sources that bind us.
 */
const NOT_OURS = 'Apple,CABF_BR,CABF_EV,ETSI_ESI,Mozilla';

const profiles: readonly Profile[] = [podClient(), podServer(), podPeer(), spiffeWorkload(), subCa()];
test.each(profiles.map((profile) => [profile.name, profile] as const))(
  `%s${isInstalled ? '' : ' (missing: zlint, our lints alone)'}`,
  { timeout: 120_000 },
  (name, profile) => {
    const compiled = compile(profile, issuer);
    let draw = 0;
    const randomBytes = (length: number): Uint8Array =>
      Uint8Array.from({ length }, (_, i) => (draw++ * 31 + i * 17) & 0xff);
    const files: string[] = [];
    for (const [i, one] of fc.sample(contents, { numRuns: CERTIFICATES, seed: 5 }).entries()) {
      const { certificate } = issueSync(
        compiled,
        {
          subjectPublicKeyInfo: leafKeys[one.key]!.subjectPublicKeyInfo,
          subject: encodeName(buildName({ organization: one.organization, commonName: one.commonName })),
          subjectAltName: profile.svid ? [one.svid] : profile.cA ? [] : one.alternatives,
          lifetime: one.lifetime,
        },
        { now: () => now, randomBytes },
      );
      expect(lintCertificate(parseCertificate(certificate))).toEqual([]);
      if (!isInstalled) continue;
      files.push(`${name}-${i}.pem`);
      bench.write(files.at(-1)!, encodePem('CERTIFICATE', certificate));
    }
    if (!isInstalled) return;
    const found: string[] = [];
    // One answer has some 20 KB, and what a tool prints is kept up to a megabyte.
    for (let at = 0; at < files.length; at += 25)
      found.push(
        ...(bench
          .run(zlint, '-excludeSources', NOT_OURS, ...files.slice(at, at + 25))
          .match(/"[a-z0-9_]+":\{[^}]*"result":"(?:error|fatal)"[^}]*\}/g) ?? []),
      );
    expect(new Set(found)).toEqual(new Set());
  },
);
