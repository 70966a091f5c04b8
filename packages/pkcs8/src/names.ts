import type { Oid } from '@mayfly/der';
import { Pkcs8Error } from './errors.js';

/** Names for the refusal of what is met in old files. */
const names: Readonly<Record<Oid, string>> = {
  '1.2.840.113549.1.5.1': 'PBES1 with MD2 and DES',
  '1.2.840.113549.1.5.3': 'PBES1 with MD5 and DES',
  '1.2.840.113549.1.5.4': 'PBES1 with MD2 and RC2',
  '1.2.840.113549.1.5.6': 'PBES1 with MD5 and RC2',
  '1.2.840.113549.1.5.10': 'PBES1 with SHA-1 and DES',
  '1.2.840.113549.1.5.11': 'PBES1 with SHA-1 and RC2',
  '1.2.840.113549.1.12.1.1': 'PKCS#12 encryption with 128-bit RC4',
  '1.2.840.113549.1.12.1.2': 'PKCS#12 encryption with 40-bit RC4',
  '1.2.840.113549.1.12.1.3': 'PKCS#12 encryption with three-key triple DES',
  '1.2.840.113549.1.12.1.4': 'PKCS#12 encryption with two-key triple DES',
  '1.2.840.113549.1.12.1.5': 'PKCS#12 encryption with 128-bit RC2',
  '1.2.840.113549.1.12.1.6': 'PKCS#12 encryption with 40-bit RC2',
  '1.2.840.113549.2.12': 'HMAC with SHA-512/224',
  '1.2.840.113549.2.13': 'HMAC with SHA-512/256',
};

/** What an algorithm is called, for messages: its OID, and its name where it is known. */
export const algorithmName = (algorithm: Oid): string =>
  names[algorithm] === undefined ? algorithm : `${algorithm} (${names[algorithm]})`;

/** Refuses an algorithm that this package does not have. */
export function refuseAlgorithm(what: string, algorithm: Oid): never {
  throw new Pkcs8Error('ERR_PKCS8_UNSUPPORTED', `Cannot decrypt: ${what} is ${algorithmName(algorithm)}`);
}
