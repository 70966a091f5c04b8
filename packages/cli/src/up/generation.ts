import { type Seconds, toHex } from '@mayfly/der';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { createCertificate, rootContents } from '@mayfly/x509/create';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { Keys, LocalKey } from './keys.js';

/** What the next authority of a signer is made of. */
export interface GenerationOptions {
  readonly keys: Pick<Keys, 'generateKey'>;
  readonly signerName: string;
  readonly now: Seconds;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Seconds that the certificate is valid from now on. */
  readonly lifetime: Seconds;
  /** Seconds before now that it begins. */
  readonly backdate: Seconds;
}

/** What `commonName` has room for beside a space and the key identifier's first octets. */
const MAX_NAME_IN_SUBJECT = 64 - 9;

/** Makes the next root of a signer, with a key of its own. */
export async function createGeneration({
  keys,
  signerName,
  now,
  randomBytes,
  lifetime,
  backdate,
}: GenerationOptions): Promise<{ readonly certificate: Certificate; readonly key: LocalKey }> {
  const key = await keys.generateKey('P-256');
  const identifier = rfc7093KeyIdentifier(key.subjectPublicKeyInfo);
  const serialNumber = randomBytes(16);
  serialNumber[0] = (serialNumber[0]! & 0x7f) | 0x40;
  // Each generation has a name of its own, so that path builders never try the key of another (R23).
  const commonName = `${signerName.slice(0, MAX_NAME_IN_SUBJECT)} ${toHex(identifier.subarray(0, 4))}`;
  const contents = rootContents(
    {
      serialNumber: BigInt(`0x${toHex(serialNumber)}`),
      validity: { notBefore: now - backdate, notAfter: now + lifetime },
      subject: encodeName(buildName({ organization: 'Mayfly', commonName })),
      subjectKeyIdentifier: identifier,
      pathLenConstraint: 0,
    },
    key,
  );
  return { certificate: parseCertificate(await createCertificate(contents, key)), key };
}
