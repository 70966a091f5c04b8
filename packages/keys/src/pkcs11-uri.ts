import { KeysError } from './errors.js';

/** RFC 7512: a key of a token, and how to reach both. What is absent matches everything. */
export interface Pkcs11Uri {
  /** Label of the token. */
  readonly token?: string;
  readonly manufacturer?: string;
  readonly serial?: string;
  readonly model?: string;
  /** `slot-id`. */
  readonly slotID?: number;
  /** CKA_LABEL of the key. */
  readonly object?: string;
  /** CKA_ID of the key. */
  readonly id?: Uint8Array;
  /** `module-path`: file of the library that speaks for the token. */
  readonly modulePath?: string;
  /** `pin-source`: absolute path of a file with the PIN. */
  readonly pinSource?: string;
}

/** Attributes of the path that are text, and what they are called here. */
const texts = {
  token: 'token',
  manufacturer: 'manufacturer',
  serial: 'serial',
  model: 'model',
  object: 'object',
} as const;

/**
 * Reads a URI of RFC 7512 that names a private key.
 * @returns Its attributes, percent-decoded; `pinSource` without `file:`.
 * @throws {@link KeysError} `ERR_KEYS_PKCS11_URI` for attributes that are unknown, repeated or malformed, and for `pin-value`:
 * command lines and configurations are seen by others. No message has a value in it.
 */
export function parsePkcs11Uri(uri: string): Pkcs11Uri {
  const rest = /^pkcs11:/i.test(uri) ? uri.slice('pkcs11:'.length) : undefined;
  if (rest === undefined) throw refused('it does not begin with "pkcs11:"');
  const at = rest.indexOf('?');
  const path = attributes(at < 0 ? rest : rest.slice(0, at), ';');
  const query = attributes(at < 0 ? '' : rest.slice(at + 1), '&');
  return { ...readPath(path), ...readQuery(query) };
}

function readPath(path: ReadonlyMap<string, string>): Pkcs11Uri {
  const read: { -readonly [Member in keyof Pkcs11Uri]: Pkcs11Uri[Member] } = {};
  for (const [name, value] of path)
    if (isTextName(name)) read[texts[name]] = text(name, value);
    else if (name === 'id') read.id = octets(name, value);
    else if (name === 'slot-id') {
      if (!/^[0-9]{1,10}$/.test(value)) throw refused('slot-id is no number');
      read.slotID = Number(value);
    } else if (name !== 'type') throw refused(`its attribute ${JSON.stringify(name)} is not known here`);
    else if (value !== 'private') throw refused('its type is not "private"');
  if (read.object === undefined && read.id === undefined) throw refused('it names no key, by object or id');
  return read;
}

function readQuery(query: ReadonlyMap<string, string>): Pkcs11Uri {
  const read: { -readonly [Member in keyof Pkcs11Uri]: Pkcs11Uri[Member] } = {};
  for (const [name, value] of query)
    if (name === 'module-path') read.modulePath = absolute(name, text(name, value));
    else if (name === 'pin-source')
      read.pinSource = absolute(name, text(name, value).replace(/^file:(\/\/(?=\/))?/, ''));
    else if (name === 'pin-value') throw refused('pin-value shows the PIN to whoever sees the URI; use pin-source');
    else throw refused(`its query attribute ${JSON.stringify(name)} is not known here`);
  return read;
}

const isTextName = (name: string): name is keyof typeof texts => Object.hasOwn(texts, name);

function attributes(part: string, separator: string): ReadonlyMap<string, string> {
  const read = new Map<string, string>();
  if (part === '') return read;
  for (const attribute of part.split(separator)) {
    const [, name, value] = /^([a-z0-9_-]+)=(.*)$/s.exec(attribute) ?? [];
    if (name === undefined || value === undefined) throw refused('an attribute is not written as name=value');
    if (read.has(name)) throw refused(`its attribute ${name} stands there twice`);
    read.set(name, value);
  }
  return read;
}

/** RFC 7512 §2.3: percent-encoded octets of UTF-8; what is reserved is never bare. */
function text(name: string, value: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets(name, value));
  } catch (error) {
    if (error instanceof KeysError) throw error;
    throw refused(`${name} is no UTF-8`);
  }
}

function octets(name: string, value: string): Uint8Array {
  const read: number[] = [];
  for (let i = 0; i < value.length; i++) {
    const escaped = /^%([0-9a-f]{2})/i.exec(value.slice(i, i + 3))?.[1];
    if (escaped !== undefined) {
      read.push(Number.parseInt(escaped, 16));
      i += 2;
    } else if (/[A-Za-z0-9\-._~:[\]@!$'()*+,=/&?|]/.test(value[i]!)) read.push(value.charCodeAt(i));
    else throw refused(`${name} has a character that has to be percent-encoded`);
  }
  return Uint8Array.from(read);
}

function absolute(name: string, path: string): string {
  if (path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path)) return path;
  throw refused(`${name} is no absolute path`);
}

const refused = (state: string): KeysError => new KeysError('ERR_KEYS_PKCS11_URI', `Cannot use PKCS#11 URI: ${state}`);
