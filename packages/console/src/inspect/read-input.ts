import { fromHex } from '@mayfly/der';
import { decodeBase64, type PemBlock, parsePem } from '@mayfly/der/pem';
import { type Document, isInputFault, readDocument, recognise } from './document.js';
import { type Kind, kindLabelled, unknownKind } from './kinds.js';

/** Why an input has nothing to show, in words for whoever gave it. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Octets that the page reads; a page that stands still tells nothing. */
const MAX_INPUT = 16 * 1024 * 1024;
/** PEM blocks that are shown: three times the roots that a browser trusts. */
const MAX_BLOCKS = 500;

/**
 * Reads every structure of an input: PEM with any number of blocks, DER or BER, or their base64 or hexadecimal text.
 * @throws {@link InputError}.
 */
export async function readInput(input: Uint8Array | string): Promise<readonly Document[]> {
  if (input.length > MAX_INPUT) throw new InputError(`This has ${input.length} octets; 16 MiB are read at most.`);
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  if (bytes.length === 0) throw new InputError('This is empty.');
  const isDer = bytes[0] === 0x30 && typeof input !== 'string';
  const text = isDer ? '' : new TextDecoder('latin1').decode(bytes);
  if (/^-----BEGIN /m.test(text)) return readPem(text);
  const der = isDer ? bytes : (decoded(text) ?? bytes);
  return [await readDocument(der, `${der.length} octets`, kindOf(der))];
}

/** What begins with a SEQUENCE is looked at as far as it goes; anything else has to be DER from one end to the other. */
function kindOf(der: Uint8Array): Kind | undefined {
  if (der[0] === 0x30) return undefined;
  try {
    unknownKind.parse(der);
    return unknownKind;
  } catch (error) {
    if (!isInputFault(error)) throw error;
    throw new InputError(`This is neither PEM nor DER nor PKCS#12${magicOf(der)}. DER begins with the octet 30.`);
  }
}

const magicOf = (der: Uint8Array): string => {
  if (der[0] === 0xfe && der[1] === 0xed)
    return ', but a Java JKS key store: "keytool -importkeystore -deststoretype PKCS12" makes it one';
  return `; it begins with the octets ${[...der.subarray(0, 4)].map((octet) => octet.toString(16).padStart(2, '0')).join(' ')}`;
};

/** DER behind base64 or hexadecimal text, as it is copied from YAML or from a debugger. */
function decoded(text: string): Uint8Array | undefined {
  const dense = text.replace(/[\s:]/g, '');
  if (/^(?:[0-9a-f]{2})+$/i.test(dense)) return fromHex(dense);
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(dense)) return undefined;
  try {
    const padded = dense.padEnd(Math.ceil(dense.length / 4) * 4, '=');
    const bytes = decodeBase64(padded.replaceAll('-', '+').replaceAll('_', '/'));
    return bytes[0] === 0x30 ? bytes : undefined;
  } catch (error) {
    if (isInputFault(error)) return undefined;
    throw error;
  }
}

async function readPem(text: string): Promise<readonly Document[]> {
  let blocks: readonly PemBlock[];
  try {
    blocks = parsePem(text);
  } catch (error) {
    if (!isInputFault(error)) throw error;
    throw new InputError(`${error.message} (${error.code}).`);
  }
  if (blocks.length > MAX_BLOCKS)
    throw new InputError(`This has ${blocks.length} PEM blocks; ${MAX_BLOCKS} are shown at most.`);
  return Promise.all(
    blocks.map(async ({ label, bytes, line, headers }): Promise<Document> => {
      const origin = `${label}, line ${line}`;
      if (headers.some(([name]) => name === 'DEK-Info')) {
        const kind = kindLabelled('ENCRYPTED PRIVATE KEY')!; // one of the table
        const unknown = await readDocument(new Uint8Array([0x04, 0x00]), origin, {
          ...kind,
          parse: () => {},
          shape: {},
        });
        return {
          ...unknown,
          title: `${label}, encrypted`,
          bytes: new Uint8Array(0),
          facts: [],
          problems: [],
          traditional: text,
        };
      }
      return readDocument(bytes, origin, kindLabelled(label) ?? recognise(bytes));
    }),
  );
}
