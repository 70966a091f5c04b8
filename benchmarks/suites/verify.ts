import assert from 'node:assert/strict';
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import type { Backend } from '@mayfly/keys/backend';
import { generateKeySync } from '@mayfly/keys/node';
import { verifier, verifyWith } from '@mayfly/keys/software';
import * as noble from '../adapters/noble.js';
import { opensslSpeed } from '../adapters/openssl.js';
import * as webCrypto from '../adapters/webcrypto.js';
import { contender } from '../measure.js';
import type { Part } from '../parts.js';
import { type Peers, withPeers } from '../peers.js';
import type { Effort, Outcome } from '../report.js';
import type { Measure } from '../suites.js';
import { besideKernels } from './sign.js';

type Algorithm = 'P-256' | 'P-384' | 'Ed25519';

const hashes = { 'P-256': 'sha256', 'P-384': 'sha384', Ed25519: null } as const;
const impl = 'mayfly';
/** More keys than a verifier of one key remembers. */
const STRANGERS = 16;

/** A signature over 32 octets, and the same judged by everybody. */
function signatureBy(algorithm: Algorithm) {
  const signed = Array.from({ length: STRANGERS }, () => {
    const key = generateKeySync(algorithm);
    const tbs = new Uint8Array(randomBytes(32));
    const { signatureAlgorithm, subjectPublicKeyInfo } = key;
    const pkcs8 = new Uint8Array(key.exportPkcs8());
    return { parts: { tbs, signatureAlgorithm, signatureValue: key.sign(tbs) }, subjectPublicKeyInfo, pkcs8 };
  });
  const { parts, subjectPublicKeyInfo, pkcs8 } = signed[0]!;
  const { tbs: message, signatureValue: signature } = parts;
  const publicKey = createPublicKey({ key: Buffer.from(subjectPublicKeyInfo), format: 'der', type: 'spki' });
  const hash = hashes[algorithm];
  const isTrue = (good: boolean): void => assert.equal(good, true);
  const { x, y } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([
    ...(y === undefined ? [] : [Uint8Array.of(4)]), // without compression; Ed25519 has x alone
    ...[x, y].map((coordinate = '') => Buffer.from(coordinate, 'base64')),
  ]);
  return {
    /** By everybody else; their key is at hand. */
    elsewhere: async (peers: Peers, effort: Effort): Promise<readonly Part[]> => [
      await webCrypto.verifier(algorithm, pkcs8, new Uint8Array(subjectPublicKeyInfo), message, isTrue),
      noble.verifier(algorithm, point, message, signature, isTrue),
      ...peers.parts('verify', { algorithm, publicKey: subjectPublicKeyInfo, message, signature }, (good) =>
        assert.equal(good, true),
      ),
      ...(effort === 'full' ? [opensslSpeed(algorithm, 'verify')] : []),
    ],
    known: (backend: Backend) => {
      const verifies = verifier(subjectPublicKeyInfo, backend);
      return contender(impl, () => verifies(parts), isTrue);
    },
    unknown: (backend: Backend) => {
      const verifies = verifyWith(backend, { capacity: 1 });
      let next = 0;
      return contender(
        impl,
        () => {
          const each = signed[next++ % STRANGERS]!;
          return verifies(each.parts, each.subjectPublicKeyInfo);
        },
        isTrue,
      );
    },
    // Its key is imported once in either case: it knows no other difference.
    native: contender('node:crypto', () => verify(hash, parts.tbs, publicKey, parts.signatureValue), isTrue),
  };
}

/** Signatures over 32 octets: of a key with tables, and of one that was never met. */
export const outcomes = (measure: Measure, effort: Effort): Promise<readonly Outcome[]> =>
  withPeers((peers) => measured(measure, effort, peers));

async function measured(measure: Measure, effort: Effort, peers: Peers): Promise<readonly Outcome[]> {
  const [p256, p384, ed25519] = [signatureBy('P-256'), signatureBy('P-384'), signatureBy('Ed25519')];
  return besideKernels(
    [
      ['verify/p256/known', p256.known, p256.native, ...(await p256.elsewhere(peers, effort))],
      ['verify/p256/unknown', p256.unknown, p256.native],
      ['verify/p384/unknown', p384.unknown, p384.native],
      ['verify/p384/known', p384.known, p384.native, ...(await p384.elsewhere(peers, effort))],
      ['verify/ed25519/unknown', ed25519.unknown, ed25519.native],
      ['verify/ed25519/known', ed25519.known, ed25519.native, ...(await ed25519.elsewhere(peers, effort))],
    ],
    measure,
  );
}
