import type { Backend, Ecdsa } from '../src/backend.js';
import { nobleBackend } from '../src/noble.js';

const batching = (curve: Ecdsa): Ecdsa => ({
  ...curve,
  signMany: (digests, secretKey, entropy) =>
    digests.map((digest, i) => curve.sign(digest, secretKey, entropy?.subarray(32 * i, 32 * i + 32))),
});

/** noble with everything that a backend may have and need not, made of what it must have. */
export const batchingBackend: Backend = {
  ...nobleBackend,
  name: 'batching',
  sha256Many: (batch) => batch.map((data) => nobleBackend.sha256(data)),
  p256: batching(nobleBackend.p256),
  p384: batching(nobleBackend.p384),
  p521: batching(nobleBackend.p521!), // noble has it
  ed25519: {
    ...nobleBackend.ed25519,
    signer(seed) {
      const expanded = Uint8Array.from(seed);
      const sign = (message: Uint8Array): Uint8Array => nobleBackend.ed25519.sign(message, expanded);
      return {
        publicKey: nobleBackend.ed25519.getPublicKey(seed),
        sign,
        signMany: (messages) => messages.map(sign),
        destroy: () => void expanded.fill(0),
      };
    },
  },
};
