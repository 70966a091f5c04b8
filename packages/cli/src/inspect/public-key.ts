import { createHash } from 'node:crypto';
import { toHex } from '@mayfly/der';
import { encodeBase64 } from '@mayfly/der/pem';
import { describePublicKey, parseSubjectPublicKeyInfo } from '@mayfly/x509';
import { rfc5280KeyIdentifier, rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { oidText } from '@mayfly/x509/oid-names';
import { colonHex } from '../terminal-text.js';
import { type Facts, facts, isInputFault } from './description.js';

/**
 * Kind and size of a public key, its octets and what it is recognised by: the SHA-256 of its DER, also in base64 as a pin,
 * and the two key identifiers in use.
 * @param der - Of a SubjectPublicKeyInfo.
 * @throws {@link DerError} when it is none. A key that is malformed within is a fact.
 */
export function publicKeyFacts(der: Uint8Array): Facts {
  const { algorithm, subjectPublicKey } = parseSubjectPublicKeyInfo(der);
  const sha256 = createHash('sha256').update(der).digest();
  return facts({
    algorithm: oidText(algorithm.algorithm),
    ...kind(der),
    subjectPublicKey: toHex(subjectPublicKey),
    sha256: colonHex(sha256),
    pinSHA256: encodeBase64(sha256),
    keyIdentifier: {
      rfc5280: colonHex(rfc5280KeyIdentifier(der)),
      rfc7093: colonHex(rfc7093KeyIdentifier(der)),
    },
  });
}

function kind(der: Uint8Array): Facts {
  try {
    const description = describePublicKey(der);
    switch (description.algorithm) {
      case 'RSA':
        return { modulusLength: description.modulusLength, publicExponent: String(description.publicExponent) };
      case 'EC':
        return { namedCurve: description.namedCurve };
      default:
        return {};
    }
  } catch (error) {
    if (!isInputFault(error)) throw error;
    return { fault: `${error.message} (${error.code})` };
  }
}
