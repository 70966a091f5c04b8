import { createHash } from 'node:crypto';
import { toHex } from '@mayfly/der';
import { encodeBase64 } from '@mayfly/der/pem';
import { parseRSAPublicKey } from '@mayfly/pkcs8/rsa';
import { describePublicKey, parseSubjectPublicKeyInfo } from '@mayfly/x509';
import { rfc5280KeyIdentifier, rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { oidText } from '@mayfly/x509/oid-names';
import { colonHex } from '../terminal-text.js';
import { type Facts, facts, isInputFault } from './description.js';

/**
 * Kind and size of a public key, its numbers or octets and what it is recognised by: the SHA-256 of its DER, also in base64 as a pin,
 * and the two key identifiers in use.
 * @param der - Of a SubjectPublicKeyInfo.
 * @throws {@link DerError} when it is none. A key that is malformed within is a fact.
 */
export function publicKeyFacts(der: Uint8Array): Facts {
  const { algorithm, subjectPublicKey } = parseSubjectPublicKeyInfo(der);
  const sha256 = createHash('sha256').update(der).digest();
  return facts({
    algorithm: oidText(algorithm.algorithm),
    ...kind(der, subjectPublicKey),
    sha256: colonHex(sha256),
    pinSHA256: encodeBase64(sha256),
    keyIdentifier: {
      rfc5280: colonHex(rfc5280KeyIdentifier(der)),
      rfc7093: colonHex(rfc7093KeyIdentifier(der)),
    },
  });
}

/** An RSA key by its numbers, as openssl shows it; any other by its octets. */
function kind(der: Uint8Array, octets: Uint8Array): Facts {
  const subjectPublicKey = toHex(octets);
  try {
    const description = describePublicKey(der);
    switch (description.algorithm) {
      case 'RSA': {
        const { modulusLength, publicExponent } = description;
        const modulus = toHex(parseRSAPublicKey(octets).modulus);
        return { modulusLength, modulus, publicExponent: String(publicExponent) };
      }
      case 'EC':
        return { namedCurve: description.namedCurve, subjectPublicKey };
      default:
        return { subjectPublicKey };
    }
  } catch (error) {
    if (!isInputFault(error)) throw error;
    return { fault: `${error.message} (${error.code})`, subjectPublicKey };
  }
}
