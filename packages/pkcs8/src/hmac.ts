import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import type { Hash } from './derivation.js';
import { hashes } from './hashes.js';

/** HMAC (RFC 2104) of a message: in WebCrypto, or here where that lacks the hash. A new array. */
export async function hmac(hash: Hash, key: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
  if (hash === 'SHA-224' || globalThis.crypto?.subtle === undefined) return nobleHmac(hashes[hash], key, message);
  const octets = new Uint8Array(key);
  try {
    const imported = await crypto.subtle.importKey('raw', octets, { name: 'HMAC', hash }, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', imported, new Uint8Array(message)));
  } finally {
    octets.fill(0);
  }
}
