import { createPrivateKey, sign } from 'node:crypto';
import type { FaultDefinition } from './definitions/fault.js';
import { child, children, type Element, parseTree, serialize } from './der-tree.js';

/**
 * Edits one vector. Where the signed part changes it is signed again, so that the edit stays the only fault; the keys
 * are Ed25519, whose signatures are the same every time.
 * @returns PEM, and where the fault shows.
 */
export function applyFault(
  pem: string,
  { name, edit, editOctets, offset }: FaultDefinition,
  signer: string | undefined,
): { pem: string; offset: number | undefined } {
  const [, label, base64] = /-----BEGIN (.*)-----\n([\s\S]*?)-----END/.exec(pem) ?? [];
  if (label === undefined || base64 === undefined) throw new Error(`Cannot make ${name}: no PEM`);
  const original = new Uint8Array(Buffer.from(base64, 'base64'));
  const root = parseTree(original);
  const signed = signer === undefined ? undefined : signedOctets(root);
  const place = edit?.(root);
  if (signer !== undefined && signed !== undefined) signAgain(root, signed, signer);
  const { der, offsets } = serialize(root);
  const edited = editOctets === undefined ? der : editOctets(der);
  if (Buffer.compare(edited, original) === 0) throw new Error(`Cannot make ${name}: the edit changes nothing`);
  const shown = offset ?? (place === undefined ? undefined : offsets.get(place));
  return { pem: toPem(label, edited), offset: edited.length > der.length ? der.length : shown };
}

const signedOctets = (root: Element): Uint8Array => serialize(child(root, 0)).der;

/** Replaces a sound signature of a signed part that is no longer the same. */
function signAgain(root: Element, before: Uint8Array, signer: string): void {
  const [tbs, , signature] = children(root);
  if (tbs === undefined || signature?.tag !== 0x03) return;
  const octets = serialize(tbs).der;
  if (Buffer.compare(octets, before) === 0) return;
  signature.content = Uint8Array.of(0, ...sign(null, octets, createPrivateKey(signer)));
}

function toPem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
