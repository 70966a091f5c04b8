import { encodePrivateKeyInfo, type PrivateKeyInfo, parsePrivateKeyInfo } from '@mayfly/pkcs8';
import * as pkijs from 'pkijs';
import { fromAsn1js } from './asn1.js';
import { InteropError } from './errors.js';
import { requireInstance, transfer } from './transfer.js';

/**
 * A PrivateKeyInfo for PKI.js (RFC 5958). The key is copied into objects that nobody can wipe; the copies made on the way are
 * wiped.
 * @throws {@link InteropError} `ERR_INTEROP_UNREPRESENTABLE` when it carries a public key (version 2), for which PKI.js has no
 * place, or an empty set of attributes; `ERR_INTEROP_REFUSED`.
 */
export function toPkijsPrivateKeyInfo(info: PrivateKeyInfo): pkijs.PrivateKeyInfo {
  if (info.publicKey !== undefined)
    throw new InteropError(
      'ERR_INTEROP_UNREPRESENTABLE',
      'Cannot convert PrivateKeyInfo to PKI.js: it carries a public key, for which PKI.js has no field',
    );
  const der = encodePrivateKeyInfo(info);
  try {
    return transfer('PrivateKeyInfo', der, (schema) => new pkijs.PrivateKeyInfo({ schema }), privateKeyInfoDer);
  } finally {
    der.fill(0);
  }
}

/**
 * The inverse of {@link toPkijsPrivateKeyInfo}.
 * @returns Views into one new array, the caller's to wipe.
 * @throws {@link InteropError} `ERR_INTEROP_NOT_DER`, `ERR_INTEROP_FOREIGN_COPY`; `DerError` when it is not yet filled.
 */
export const fromPkijsPrivateKeyInfo = (info: pkijs.PrivateKeyInfo): PrivateKeyInfo =>
  parsePrivateKeyInfo(privateKeyInfoDer(info));

function privateKeyInfoDer(info: pkijs.PrivateKeyInfo): Uint8Array<ArrayBuffer> {
  requireInstance('PrivateKeyInfo', info, pkijs.PrivateKeyInfo);
  return fromAsn1js(info.toSchema());
}
