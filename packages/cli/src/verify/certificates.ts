import { parsePem } from '@mayfly/der/pem';
import { type Certificate, inspectCertificate, X509Error } from '@mayfly/x509';
import { CliError } from '../errors.js';
import { inputError } from '../input-file.js';
import { pemText } from '../inspect/der-shape.js';

/**
 * Every certificate of a PEM or DER input, in its order; other blocks are passed over. Serial numbers may be any, because old
 * roots have odd ones.
 * @param name - What messages call the input.
 * @throws {@link CliError} `ERR_CLI_INPUT` naming the block, when one cannot be read or there is none.
 */
export function readCertificates(bytes: Uint8Array, name: string): readonly Certificate[] {
  const text = pemText(bytes);
  if (text === undefined && bytes[0] === 0x30) return [within(name, () => inspectCertificate(bytes))];
  const blocks = within(name, () => parsePem(text ?? ''));
  const certificates = blocks
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ bytes: der, line }) => within(`${name}, certificate at line ${line}`, () => inspectCertificate(der)));
  if (certificates.length > 0) return certificates;
  const { code, message } = new X509Error('ERR_X509_NO_CERTIFICATE', 0, 'certificates', 'no CERTIFICATE block');
  const found =
    blocks.length === 0 ? 'is it PEM?' : `it has ${[...new Set(blocks.map(({ label }) => label))].join(', ')}`;
  throw new CliError('ERR_CLI_INPUT', `In ${name}: ${message} (${code}); ${found}`);
}

function within<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw inputError(where, error, '"mayfly inspect" shows the place');
  }
}
