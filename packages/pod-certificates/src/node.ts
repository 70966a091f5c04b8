import { constants, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { KeysError } from '@mayfly/keys';
import { verifyWithNode } from '@mayfly/keys/node';
import type { RequestVerifiers, VerifyProofOfPossession } from './request-rules.js';
import type { ProvePossession } from './requester.js';

/**
 * Verifies the proof of possession of kubelets up to 1.35 with node:crypto. The salt of an RSA-PSS signature may have any
 * length: those kubelets fill the whole signature with it.
 */
export const verifyProofOfPossession: VerifyProofOfPossession = (subjectPublicKeyInfo, message, signature) => {
  const key = importKey(subjectPublicKeyInfo);
  switch (key?.asymmetricKeyType) {
    case 'rsa': {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return verify('sha256', message, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO }, signature);
    }
    case 'ec':
      return verify('sha256', message, { key, dsaEncoding: 'der' }, signature);
    case 'ed25519':
      return verify(null, message, key, signature);
    default:
      return false;
  }
};

/**
 * Proves possession with node:crypto as kubelets of 1.35 do, with the largest salt that an RSA key has room for.
 * @throws what node:crypto throws for a key that it cannot take.
 */
export const provePossession: ProvePossession = (privateKeyInfo, message) => {
  const key = createPrivateKey({ key: Buffer.from(privateKeyInfo), format: 'der', type: 'pkcs8' });
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };
  const type = key.asymmetricKeyType;
  return new Uint8Array(
    sign(type === 'ed25519' ? null : 'sha256', message, { key, ...(type === 'rsa' ? pss : { dsaEncoding: 'der' }) }),
  );
};

function importKey(subjectPublicKeyInfo: Uint8Array): KeyObject | undefined {
  try {
    return createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
  } catch {
    // Not a key that OpenSSL can take, a point off its curve among them: nothing was signed with it.
    return undefined;
  }
}

/** The cryptography of the API server's rules, by node:crypto. A key that cannot be imported has signed nothing. */
export const nodeVerifiers: RequestVerifiers = {
  verifySignature(signed, subjectPublicKeyInfo) {
    try {
      return verifyWithNode(signed, subjectPublicKeyInfo);
    } catch (error) {
      if (error instanceof KeysError) return false;
      throw error;
    }
  },
  verifyProofOfPossession,
};
