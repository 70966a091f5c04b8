import { type CompiledProfile, compile } from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import type { Seconds } from '@mayfly/der';
import { generateKeySync, type NodeSigningKey, verifyWithNode } from '@mayfly/keys/node';
import { type Certificate, type Extension, parseCertificate } from '@mayfly/x509';
import { createCertificateSync, intermediateContents, rootContents } from '@mayfly/x509/create';
import { subjectAltNameExtension } from '@mayfly/x509/extensions';
import type { GeneralName } from '@mayfly/x509/general-name';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';

/** A CA for tests. */
export interface TestAuthority {
  readonly certificate: Certificate;
  readonly key: NodeSigningKey;
}

const YEAR: Seconds = 365 * 86_400;

/** A root that is valid for ten years from a year before `now`. */
export function testRoot(now: Seconds, commonName: string = 'Test Root'): TestAuthority {
  const key = generateKeySync('P-256');
  const contents = rootContents(authorityContents(now, commonName, key), key);
  return { certificate: parseCertificate(createCertificateSync(contents, key)), key };
}

/** An authority below another. */
export function testIntermediate(now: Seconds, root: TestAuthority): TestAuthority {
  const key = generateKeySync('P-256');
  const contents = intermediateContents(
    authorityContents(now, 'Test Intermediate', key),
    key.subjectPublicKeyInfo,
    root.certificate,
  );
  return { certificate: parseCertificate(createCertificateSync(contents, root.key)), key };
}

const authorityContents = (now: Seconds, commonName: string, key: NodeSigningKey) => ({
  serialNumber: BigInt(Math.abs(now)) + 2n ** 64n,
  validity: { notBefore: now - YEAR, notAfter: now + 9 * YEAR },
  subject: encodeName(buildName({ commonName })),
  subjectKeyIdentifier: rfc7093KeyIdentifier(key.subjectPublicKeyInfo),
});

/** The profile of pods under an authority; what follows the leaf is the authority unless it is a root. */
export const testProfile = (
  { certificate, key }: TestAuthority,
  options: Parameters<typeof podPeer>[0] = {},
  chain: readonly Certificate[] = [],
): CompiledProfile =>
  compile(podPeer({ backdate: 60, ...options }), { certificate, key, chain, verify: verifyWithNode });

/** A leaf with exactly these times, names and key, whether any rule likes it or not. */
export const testLeaf = (
  { certificate, key }: TestAuthority,
  subjectPublicKeyInfo: Uint8Array,
  notBefore: Seconds,
  notAfter: Seconds,
  names: readonly GeneralName[] = [{ type: 'dNSName', value: 'web.shop.svc' }],
  extensions: readonly Extension[] = [],
): Uint8Array =>
  createCertificateSync(
    {
      serialNumber: 2n ** 70n + 1n,
      issuer: certificate.subject,
      validity: { notBefore, notAfter },
      subject: encodeName([]),
      subjectPublicKeyInfo,
      extensions: [...(names.length > 0 ? [subjectAltNameExtension(names, true)] : []), ...extensions],
    },
    key,
  );
