import { parsePem } from '@mayfly/der/pem';
import { verifyWithNode } from '@mayfly/keys/node';
import { type IndexedCRL, indexCRL, parseCRL } from '@mayfly/x509/crl';
import { checkOCSPSync, type OCSPResponse, parseOCSPResponse } from '@mayfly/x509/ocsp';
import type { RevocationSource } from '@mayfly/x509/path';
import { CliError } from '../errors.js';
import { inputError } from '../input-file.js';
import { pemText } from '../inspect/der-shape.js';

/** Every revocation list of a PEM or DER input. @throws {@link CliError} `ERR_CLI_INPUT`. */
export const readLists = (bytes: Uint8Array, name: string): readonly IndexedCRL[] =>
  readBlocks(bytes, name, 'X509 CRL', (der) => indexCRL(parseCRL(der)));

/** Every OCSP response of a PEM or DER input. @throws {@link CliError} `ERR_CLI_INPUT`. */
export const readResponses = (bytes: Uint8Array, name: string): readonly OCSPResponse[] =>
  readBlocks(bytes, name, 'OCSP RESPONSE', parseOCSPResponse);

/** What one response says of a certificate: `unknown` where it is about others, stale, or signed by nobody who may. */
export const answeredBy =
  (response: OCSPResponse): RevocationSource =>
  ({ certificate, issuer, at }) =>
    checkOCSPSync({ certificate, issuer, response, at }, verifyWithNode);

function readBlocks<T>(bytes: Uint8Array, name: string, label: string, parse: (der: Uint8Array) => T): readonly T[] {
  const text = pemText(bytes);
  try {
    const blocks =
      text === undefined ? [bytes] : parsePem(text).flatMap((one) => (one.label === label ? [one.bytes] : []));
    if (blocks.length === 0) throw new CliError('ERR_CLI_INPUT', `In ${name}: no ${label} block`);
    return blocks.map(parse);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw inputError(name, error, '"mayfly inspect" shows the place');
  }
}
