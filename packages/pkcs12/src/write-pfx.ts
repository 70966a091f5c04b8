import {
  contextTag,
  type DerNode,
  encode,
  explicit,
  integer,
  octetString,
  oid,
  primitive,
  sequence,
} from '@mayfly/der';
import type { EncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import {
  type DerivationOptions,
  type DeriveKey,
  derivePbkdf2,
  derivePkcs12,
  hmac,
  type Password,
  type Pbkdf2Derivation,
} from '@mayfly/pkcs8/password-based';
import { algorithmIdentifierNode } from '@mayfly/x509';
import { type MacScheme, macAlgorithm, macDataNode, macKey, newMacScheme } from './mac.js';
import { idData, idEncryptedData, type Pfx, type SafeContents } from './pfx.js';
import { type Encrypt, modern, type Profile } from './profile.js';
import { type SafeBag, type SealedBag, safeContentsNode } from './safe-bag.js';
import { createTally, type WatchOptions } from './watch.js';

export interface WritePfxOptions extends WatchOptions {
  /** Default {@link modern}. */
  readonly profile?: Profile;
  /** Rounds of each derivation, 1 to 10,000,000. Default the profile's: 600,000 for {@link modern}. */
  readonly iterations?: number;
  /** Source of salts and IVs; the same octets give the same file. Default the platform's generator. */
  readonly randomBytes?: (length: number) => Uint8Array;
  /** Puts bags and keys under another password than the MAC; few programs open that. Default the same. */
  readonly encryptionPassword?: Password;
}

const MAX_ITERATIONS = 10_000_000;
const SALT_LENGTH = 16;

/** One writing: what to encrypt with. */
interface Writing {
  readonly encryption: Profile['encryption'];
  readonly password: Password;
  readonly options: Parameters<Encrypt>[2];
}

/**
 * Writes a PKCS#12 file (RFC 7292 §5.1): keys are encrypted where `shrouded`, contents where `encrypted`.
 * @param password - `null` with {@link passwordless}, and only then.
 * @returns DER, a new array.
 * @throws RangeError, TypeError for options that do not fit, for what asks for encryption in a profile that has none, and for
 * a private key in one; the reason of `options.signal`.
 */
export async function writePfx(
  { authenticatedSafe }: Pfx,
  password: Password,
  options: WritePfxOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { profile = modern, encryptionPassword = password, ...more } = options;
  const { iterations = profile.iterations, randomBytes = platformRandomBytes, ...watch } = more;
  const { derive, signal, onProgress, ...unknown } = watch;
  unknown satisfies Record<string, never>;
  if (!Number.isSafeInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS)
    throw new RangeError(`Cannot write pfx: ${iterations} iterations, 1 to ${MAX_ITERATIONS} are done`);
  requirePassword(profile, password);
  const progress = createTally(onProgress, iterations * derivations(authenticatedSafe, profile));
  const derivation = {
    ...(derive && { derive }),
    ...(signal && { signal }),
    onProgress: progress.onProgress,
  };
  signal?.throwIfAborted();

  const keyDerivation: Pbkdf2Derivation = {
    ...({ type: 'pbkdf2', prf: 'SHA-256', keyLength: 32 } as const),
    ...{ iterationCount: iterations, salt: randomBytes(SALT_LENGTH) },
  };
  const shared = deriveOnce(keyDerivation, derivation);
  // The MAC's key takes as long as the rest, and the rest runs in other threads: so it is not waited for.
  const scheme = profile.mac && newMacScheme(profile.mac.name, profile.mac.hash, randomBytes(SALT_LENGTH), iterations);
  const key = scheme && macKey(scheme, password, (one, secret) => deriveForMac(one, secret, derivation));
  key?.catch(() => {}); // waited for below, unless something else fails before
  try {
    const writing: Writing = {
      encryption: profile.encryption,
      password: encryptionPassword,
      options: { keyDerivation, iterations, randomBytes, ...derivation, derive: shared.derive },
    };
    const authSafe = encode(sequence(...(await contentInfos(authenticatedSafe, writing))));
    return encode(
      sequence(
        integer(3),
        contentInfo(idData, octetString(authSafe)),
        scheme && (await macNode(scheme, await key!, authSafe)),
      ),
    );
  } finally {
    void key?.then((octets) => octets.fill(0)).catch(() => {}); // it failed, and was told
    shared.wipe();
  }
}

/** Derives one key when it is first asked for, and gives a copy to everybody who asks; others are left to `options.derive`. */
function deriveOnce(
  derivation: Pbkdf2Derivation,
  options: DerivationOptions,
): { readonly derive: DeriveKey; readonly wipe: () => void } {
  let key: Promise<Uint8Array> | undefined;
  return {
    derive(one, password, signal) {
      if (one !== derivation) return options.derive?.(one, password, signal);
      key ??= derivePbkdf2(derivation, password, options);
      return key.then((octets) => octets.slice());
    },
    wipe: () => void key?.then((octets) => octets.fill(0)).catch(() => {}), // it failed, and was told
  };
}

const platformRandomBytes = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

function requirePassword({ name, mac, encryption }: Profile, password: Password): void {
  if (mac === undefined && encryption === undefined && password !== null)
    throw new TypeError(`Cannot write pfx: profile ${name} has no use for a password; give null`);
  if ((mac !== undefined || encryption !== undefined) && password === undefined)
    throw new TypeError('Cannot write pfx: no password; give null for none at all');
}

/** How many keys a file takes. */
function derivations(contents: readonly SafeContents[], { mac, encryption }: Profile): number {
  const encrypted = contents.reduce((sum, one) => sum + shroudedKeys(one.safeBags) + (one.encrypted ? 1 : 0), 0);
  return (mac ? 1 : 0) + (encryption?.sharesKey ? Math.min(encrypted, 1) : encrypted);
}

const shroudedKeys = (bags: readonly SafeBag[]): number =>
  bags.reduce(
    (sum, bag) =>
      sum + (bag.type === 'safeContents' ? shroudedKeys(bag.safeBags) : bag.type === 'key' && bag.shrouded ? 1 : 0),
    0,
  );

const deriveForMac = (
  derivation: MacScheme['derivation'],
  secret: Uint8Array,
  options: DerivationOptions,
): Promise<Uint8Array> =>
  derivation.type === 'pkcs12' ? derivePkcs12(derivation, secret, options) : derivePbkdf2(derivation, secret, options);

async function macNode(scheme: MacScheme, key: Uint8Array, authSafe: Uint8Array): Promise<DerNode> {
  const digest = await hmac(scheme.hash, key, authSafe);
  return macDataNode({ ...macAlgorithm(scheme), digest });
}

/**
 * Keys first, then contents without keys, then those with keys in them, each lot at the same time, so that random octets are
 * always drawn in the same order.
 */
async function contentInfos(contents: readonly SafeContents[], writing: Writing): Promise<readonly DerNode[]> {
  const sealing = contents.map(({ safeBags }) => sealBags(safeBags, writing));
  const begun = contents.map((one, index) => {
    if (shroudedKeys(one.safeBags) > 0) return undefined;
    const node = sealing[index]!.then((bags) => contentsNode(one, bags, writing));
    node.catch(() => {}); // waited for below, unless a key fails before
    return node;
  });
  const sealed = await Promise.all(sealing);
  return Promise.all(contents.map((one, index) => begun[index] ?? contentsNode(one, sealed[index]!, writing)));
}

async function contentsNode(
  { encrypted }: SafeContents,
  safeBags: readonly SealedBag[],
  writing: Writing,
): Promise<DerNode> {
  const octets = encode(safeContentsNode(safeBags));
  if (!encrypted) return contentInfo(idData, octetString(octets));
  const { contents: encrypt } = requireEncryption(writing);
  try {
    return encryptedDataNode(await encrypt(octets, writing.password, writing.options));
  } finally {
    octets.fill(0);
  }
}

function requireEncryption({ encryption }: Writing): NonNullable<Profile['encryption']> {
  if (encryption === undefined)
    throw new RangeError('Cannot write pfx: the profile encrypts nothing, and contents or a key ask for it');
  return encryption;
}

const sealBags = (bags: readonly SafeBag[], writing: Writing): Promise<readonly SealedBag[]> =>
  Promise.all(bags.map((bag) => sealBag(bag, writing)));

async function sealBag(bag: SafeBag, writing: Writing): Promise<SealedBag> {
  switch (bag.type) {
    case 'safeContents':
      return { ...bag, safeBags: await sealBags(bag.safeBags, writing) };
    case 'key': {
      const { keys } = requireEncryption(writing);
      if (!bag.shrouded) return bag;
      const encrypted = await keys(bag.privateKeyInfo, writing.password, writing.options);
      return { type: 'shrouded', encrypted, attributes: bag.attributes };
    }
    default:
      return bag;
  }
}

const contentInfo = (contentType: string, content: DerNode): DerNode =>
  sequence(oid(contentType), explicit(0, content));

const encryptedDataNode = ({ encryptionAlgorithm, encryptedData }: EncryptedPrivateKeyInfo): DerNode =>
  contentInfo(
    idEncryptedData,
    sequence(
      integer(0),
      sequence(oid(idData), algorithmIdentifierNode(encryptionAlgorithm), primitive(contextTag(0), encryptedData)),
    ),
  );
