import type { Seconds } from '@mayfly/der';
import { decodeBase64, decodePem, encodeBase64, encodePem } from '@mayfly/der/pem';
import { ApiError } from '@mayfly/pod-certificates/api';
import { type KubernetesClient, resourcePath } from '@mayfly/pod-certificates/kubernetes';
import { type Authority, encodeAuthorities, parseAuthorities } from '@mayfly/rotation/authorities';
import { CliError, messageOf } from '../errors.js';
import { isObject, type JsonObject } from './json.js';

/** A Secret in which authorities succeed each other. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** How authorities are to be replaced before their time. */
export type RotationRequest = 'planned' | 'emergency' | 'withdraw-canary';

/** What is noted of that: after an emergency also `replaced`, until nobody signs with another and the new root is trusted alone. */
export type RotationNote = RotationRequest | 'replaced';

/** What such a Secret holds. */
export interface AuthorityRecord {
  readonly authorities: readonly Authority[];
  /** The next one, which is in the canary bundle alone since then. */
  readonly canary: Authority | undefined;
  /** When a canary was taken back of which no other took the place yet. */
  readonly withdrawnAt: Seconds | undefined;
  /** PKCS#8 of those that sign or will, by serial number. Secret. */
  readonly keys: ReadonlyMap<bigint, Uint8Array>;
  /** Longest lifetime of a certificate since the first authority; 0 before. */
  readonly longestLifetime: Seconds;
  readonly rotation: RotationNote | undefined;
}

/** One version of the Secret. */
export interface StoredAuthorities extends AuthorityRecord {
  readonly resourceVersion: string;
  /** What is noted of a rotation and means nothing. */
  readonly unknownRotation: string | undefined;
  /** How many writes of a signer led to it; 0 before the first. */
  readonly generation: number;
  /** `authorities.json` as it stands there. */
  readonly state: string | undefined;
  /** The object as the server has it, for what is not ours in it. Secret. */
  readonly object: JsonObject;
}

const STATE = 'authorities.json';
const KEY = /^([0-9a-f]+)\.key$/;
/** Which rotation is asked for, and what became of it. */
export const ROTATE_ANNOTATION = 'mayfly.dev/rotate';
const ROTATIONS: readonly RotationNote[] = ['planned', 'emergency', 'withdraw-canary', 'replaced'];

type Client = Pick<KubernetesClient, 'request'>;

/**
 * Reads the Secret; one without anything of ours holds no authority yet.
 * @throws {@link CliError} `ERR_CLI_STATE` with the member that cannot be read; {@link ApiError} where there is none.
 */
export async function readAuthoritySecret(client: Client, secret: SecretName): Promise<StoredAuthorities> {
  const object = await client.request({ method: 'GET', path: pathOf(secret) });
  return storedOf(object, secret);
}

/**
 * Replaces exactly the version given.
 * @returns `undefined` when somebody was faster.
 */
export async function writeAuthoritySecret(
  client: Client,
  secret: SecretName,
  { object, resourceVersion, generation }: StoredAuthorities,
  { keys, rotation, ...record }: AuthorityRecord,
): Promise<StoredAuthorities | undefined> {
  const metadata = memberOf(object, 'metadata');
  const { [ROTATE_ANNOTATION]: _rotate, ...annotations } = memberOf(metadata, 'annotations');
  const foreign = Object.entries(memberOf(object, 'data')).filter(([name]) => name !== STATE && !KEY.test(name));
  const own = [
    [STATE, encodeState({ ...record, generation: generation + 1 })],
    ...[...keys].map(([serialNumber, key]) => [`${serialNumber.toString(16)}.key`, encodePem('PRIVATE KEY', key)]),
  ].map(([name, text]) => [name, encodeBase64(new TextEncoder().encode(text))]);
  const body = {
    ...object,
    metadata: {
      ...metadata,
      resourceVersion,
      annotations: { ...annotations, ...(rotation && { [ROTATE_ANNOTATION]: rotation }) },
    },
    data: Object.fromEntries([...foreign, ...own]),
  };
  return await unlessConflict(async () =>
    storedOf(await client.request({ method: 'PUT', path: pathOf(secret), body }), secret),
  );
}

/**
 * Notes in exactly the version given how the signer is to rotate, and touches nothing else.
 * @returns `undefined` when somebody was faster.
 */
export async function requestRotation(
  client: Client,
  secret: SecretName,
  { resourceVersion }: StoredAuthorities,
  rotation: RotationRequest,
): Promise<StoredAuthorities | undefined> {
  const body = { metadata: { resourceVersion, annotations: { [ROTATE_ANNOTATION]: rotation } } };
  const contentType = 'application/merge-patch+json';
  return await unlessConflict(async () =>
    storedOf(await client.request({ method: 'PATCH', path: pathOf(secret), contentType, body }), secret),
  );
}

async function unlessConflict<T>(write: () => Promise<T>): Promise<T | undefined> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'Conflict') return undefined;
    throw error;
  }
}

/** How the Secret is called in messages. */
export const secretText = ({ namespace, name }: SecretName): string => `Secret ${namespace}/${name}`;

const pathOf = ({ namespace, name }: SecretName): string => resourcePath('v1', 'secrets', namespace, name);

type State = Pick<StoredAuthorities, 'authorities' | 'canary' | 'generation' | 'longestLifetime' | 'withdrawnAt'>;

function encodeState({ authorities, canary, withdrawnAt, generation, longestLifetime }: State): string {
  const state = {
    ...JSON.parse(encodeAuthorities(authorities)),
    ...(canary && { canary: JSON.parse(encodeAuthorities([canary])) }),
    ...(withdrawnAt !== undefined && { withdrawnAt }),
    ...{ generation, longestLifetime },
  };
  return `${JSON.stringify(state, undefined, 2)}\n`;
}

function parseState(text: string): State {
  const authorities = parseAuthorities(text);
  const members: JsonObject = JSON.parse(text);
  const canaries = members['canary'] === undefined ? [] : parseAuthorities(JSON.stringify(members['canary']));
  if (canaries.length > 1 || canaries.some(({ state }) => state !== 'prepared'))
    throw new Error('canary is not one authority that is prepared');
  const numberOf = (name: string): number => {
    const value = members[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new Error(`${name} is no whole number, 0 or more`);
  };
  return {
    authorities,
    canary: canaries[0],
    withdrawnAt: members['withdrawnAt'] === undefined ? undefined : numberOf('withdrawnAt'),
    generation: numberOf('generation'),
    longestLifetime: numberOf('longestLifetime'),
  };
}

function storedOf(object: unknown, secret: SecretName): StoredAuthorities {
  const refuse = (member: string, state: string, cause?: unknown): CliError =>
    new CliError(
      'ERR_CLI_STATE',
      `Cannot use ${member} of ${secretText(secret)}: ${state}; restore it, or remove all data to begin with an authority that nobody trusts yet`,
      { cause },
    );
  if (!isObject(object)) throw refuse('the whole', 'it is no object');
  const metadata = memberOf(object, 'metadata');
  const annotations = memberOf(metadata, 'annotations');
  const data = memberOf(object, 'data');
  const text = (member: string): string | undefined => {
    const value = data[member];
    if (value === undefined || value === '') return undefined;
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64(String(value)));
    } catch (cause) {
      throw refuse(member, 'it is no text in base64', cause);
    }
  };
  const state = text(STATE);
  let read: State = { authorities: [], canary: undefined, withdrawnAt: undefined, longestLifetime: 0, generation: 0 };
  try {
    if (state !== undefined) read = parseState(state);
  } catch (cause) {
    throw refuse(STATE, messageOf(cause), cause);
  }
  const { authorities, canary } = read;
  const orphan = Object.keys(data).find((name) => KEY.test(name));
  if (authorities.length === 0 && orphan !== undefined)
    throw refuse(STATE, `it names no authority, and ${orphan} is the key of one`);
  const keys = new Map<bigint, Uint8Array>();
  for (const { certificate, state } of [...authorities, ...(canary ? [canary] : [])]) {
    const member = `${certificate.serialNumber.toString(16)}.key`;
    const pem = text(member);
    if (pem === undefined) {
      if (state !== 'retiring') throw refuse(member, 'absent');
      continue;
    }
    try {
      keys.set(certificate.serialNumber, decodePem(pem, 'PRIVATE KEY'));
    } catch (cause) {
      // Without what was found there, which is secret.
      throw refuse(member, 'it is no PRIVATE KEY in PEM', cause instanceof Error ? new Error(cause.name) : undefined);
    }
  }
  const note = annotations[ROTATE_ANNOTATION];
  const rotation = ROTATIONS.find((each) => each === note);
  return {
    ...read,
    keys,
    state,
    rotation,
    unknownRotation: rotation === undefined && note !== undefined ? String(note) : undefined,
    resourceVersion: String(metadata['resourceVersion'] ?? ''),
    object,
  };
}

function memberOf(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}
