import { contextConstructedTag, contextTag, implicit, integer, type Oid, octetString, sequence } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type GeneralName, generalNamesNode, readGeneralNames } from '../general-name/codec.js';
import { extensionOf, readExtension, refuseValue } from './find-extension.js';

/** `id-ce-authorityKeyIdentifier`. */
export const idCeAuthorityKeyIdentifier: Oid = '2.5.29.35';

/** RFC 5280 §4.2.1.1. Issuer and serial number stand together or not at all. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier?: Uint8Array;
  readonly authorityCertIssuer?: readonly GeneralName[];
  readonly authorityCertSerialNumber?: bigint;
}

/**
 * Reads which key signed this, as the signer called it.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an issuer without serial number or the reverse.
 */
export const authorityKeyIdentifier = (of: HasExtensions): AuthorityKeyIdentifier | undefined =>
  readExtension(of, idCeAuthorityKeyIdentifier, 'authorityKeyIdentifier', (reader) => {
    const identifier = reader.sequence('');
    const start = identifier.offset;
    const keyIdentifier =
      identifier.peek() === contextTag(0) ? identifier.octetString('keyIdentifier', contextTag(0)) : undefined;
    const authorityCertIssuer =
      identifier.peek() === contextConstructedTag(1)
        ? readGeneralNames(identifier, 'authorityCertIssuer', contextConstructedTag(1))
        : undefined;
    const authorityCertSerialNumber =
      identifier.peek() === contextTag(2) ? identifier.integer('authorityCertSerialNumber', contextTag(2)) : undefined;
    identifier.end();
    if ((authorityCertIssuer === undefined) !== (authorityCertSerialNumber === undefined))
      refuseValue(identifier, start, 'authorityCertIssuer and authorityCertSerialNumber do not stand together');
    return {
      ...(keyIdentifier && { keyIdentifier }),
      ...(authorityCertIssuer && { authorityCertIssuer }),
      ...(authorityCertSerialNumber !== undefined && { authorityCertSerialNumber }),
    };
  });

/**
 * Writes it; never critical (RFC 5280 §4.2.1.1).
 * @throws RangeError for an issuer without serial number or the reverse.
 */
export function authorityKeyIdentifierExtension({
  keyIdentifier,
  authorityCertIssuer,
  authorityCertSerialNumber,
}: AuthorityKeyIdentifier): Extension {
  if ((authorityCertIssuer === undefined) !== (authorityCertSerialNumber === undefined))
    throw new RangeError('Cannot encode authorityKeyIdentifier: issuer and serial number do not stand together');
  return extensionOf(
    idCeAuthorityKeyIdentifier,
    false,
    sequence(
      keyIdentifier && implicit(0, octetString(keyIdentifier)),
      authorityCertIssuer && implicit(1, generalNamesNode(authorityCertIssuer)),
      authorityCertSerialNumber !== undefined && implicit(2, integer(authorityCertSerialNumber)),
    ),
  );
}
