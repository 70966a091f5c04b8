import { read, tags } from '@mayfly/der';
import { normalizeBer } from '@mayfly/der/ber';
import { type DecryptOptions, decryptWithPassword, type EncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { type Password, utf8Password } from '@mayfly/pkcs8/password-based';
import { idPbes2, opensWith, parsePbes2 } from '@mayfly/pkcs8/pbes2';
import { atPath, Pkcs12Error, unreadable } from './errors.js';
import { createGuard, type Guard } from './guard.js';
import { bagAllowance, type ImportLimits, resolveLimits } from './limits.js';
import { type MacScheme, macKey, macScheme, verifyMac } from './mac.js';
import { type Pfx, parseSafeContents, readSealedPfx, type SafeContents, type SealedPfx } from './pfx.js';
import type { BagAllowance, SafeBag, SealedBag } from './safe-bag.js';
import type { WatchOptions } from './watch.js';

export interface ReadPfxOptions extends WatchOptions {
  readonly limits?: ImportLimits;
  /** Old algorithms, from `@mayfly/pkcs12/legacy`. Default none: they are refused by name. */
  readonly legacy?: DecryptOptions['legacy'];
  /**
   * Reads a file without a MAC: nothing then says that it is what its author wrote. A MAC that is there is always checked.
   * Default false.
   */
  readonly allowMissingMac?: boolean;
  /** Where bags and keys are under another password than the MAC. Default the same. */
  readonly encryptionPassword?: Password;
}

/** What the opening of one file carries along. */
interface Opening {
  readonly guard: Guard;
  readonly limits: Required<ImportLimits>;
  readonly allowance: BagAllowance;
  readonly decryption: DecryptOptions;
  /** Passwords to try in turn: the empty one has two forms (RFC 7292 §B.1). */
  readonly passwords: readonly Password[];
}

/**
 * Opens a PKCS#12 file (RFC 7292, RFC 9579): checks its MAC, then decrypts all that is in it. Accepts BER; PBES2 with
 * PBKDF2 or scrypt; a MAC of HMAC with SHA-1 to SHA-512, classic or PBMAC1.
 * @param password - Text, or its UTF-8; `''` and `null` (none) open what was written for either.
 * @returns Bags in the order of the file. Bytes are views into it or into arrays that were decrypted for this result: the
 * caller's to wipe.
 * @throws {@link Pkcs12Error}: see the README for its codes; {@link DerError} for what is no PKCS#12 at all, with offsets in
 * the file rewritten as DER; TypeError, RangeError for wrong options; the reason of `options.signal`.
 */
export async function readPfx(file: Uint8Array, password: Password, options: ReadPfxOptions = {}): Promise<Pfx> {
  const { limits: given, legacy, allowMissingMac = false, encryptionPassword = password, ...watch } = options;
  const limits = resolveLimits(given);
  const allowance = bagAllowance(limits);
  const sealed = readSealedPfx(file, limits, allowance);
  if (sealed.macData === undefined && !allowMissingMac)
    throw new Pkcs12Error(
      'ERR_PKCS12_NO_MAC',
      'pfx',
      'macData is missing, so that nothing says whether the file was changed (option allowMissingMac)',
    );
  const guard = createGuard(limits, watch);
  const opening: Opening = {
    ...{ guard, limits, allowance },
    decryption: {
      derive: guard.deriveShared,
      ...(legacy && { legacy }),
      limits: { iterationCount: Infinity, saltLength: Infinity, scryptWork: Infinity }, // the guard has its own
      maxLength: limits.fileLength,
    },
    passwords: formsOf(encryptionPassword),
  };
  try {
    prepare(sealed, opening);
    if (sealed.macData !== undefined) await checkMac(sealed, password, opening);
    const contents = sealed.contents.map((one, index) => openContents(one, `pfx.authSafe[${index}]`, opening));
    return { authenticatedSafe: await settled(contents) };
  } finally {
    guard.end();
  }
}

/** All results, or the first error once nothing runs any more. */
async function settled<T>(all: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(all);
  return Promise.all(all);
}

const isEmpty = (password: Password): boolean => password === null || password.length === 0;

const formsOf = (password: Password): readonly Password[] =>
  isEmpty(password) ? (password === null ? [null, ''] : ['', null]) : [password];

/** Begins what takes long while the MAC is checked: native PBKDF2 has threads of its own. */
function prepare({ contents }: SealedPfx, { guard, passwords }: Opening): void {
  const encrypted = contents.flatMap((one): readonly EncryptedPrivateKeyInfo[] =>
    one.type === 'encrypted'
      ? [one.encrypted]
      : one.safeBags.flatMap((bag) => (bag.type === 'shrouded' ? [bag.encrypted] : [])),
  );
  const secret = utf8Password(passwords[0]!);
  for (const { encryptionAlgorithm } of encrypted.slice(0, 2)) {
    if (encryptionAlgorithm.algorithm !== idPbes2) continue;
    try {
      const { keyDerivation } = parsePbes2(encryptionAlgorithm);
      if (keyDerivation.type === 'pbkdf2') guard.prepare(keyDerivation, secret);
    } catch {
      // The same fault shows again where the bag is opened, with its path.
    }
  }
  secret.fill(0);
}

async function checkMac(sealed: SealedPfx, password: Password, opening: Opening): Promise<void> {
  const { authSafe, macData } = sealed;
  const scheme: MacScheme = macScheme(macData!); // the caller has looked
  for (const form of formsOf(password)) {
    const key = await macKey(scheme, form, opening.guard.derive);
    try {
      if (await verifyMac(scheme.hash, key, authSafe, macData!.digest)) return;
    } finally {
      key.fill(0);
    }
    if (scheme.derivation.type === 'pbkdf2') break; // both forms are the same octets
  }
  if (await passwordOpens(sealed, opening))
    throw new Pkcs12Error(
      'ERR_PKCS12_DAMAGED',
      'pfx',
      'the MAC is wrong and the password is not: the file was changed after it was written',
    );
  throw new Pkcs12Error('ERR_PKCS12_PASSWORD', 'pfx.macData', 'the password is wrong, or the file was changed');
}

/** What every encrypted SafeContents and PrivateKeyInfo begins with, whatever its lengths: enough not to be found by chance. */
const beginsAsContents = (head: Uint8Array): boolean =>
  beginsWith(head, [
    tags.sequence,
    'length',
    tags.sequence,
    'length',
    0x06,
    0x0b,
    0x2a,
    0x86,
    0x48,
    0x86,
    0xf7,
    0x0d,
    0x01,
    0x0c,
  ]);
const beginsAsKey = (head: Uint8Array): boolean =>
  beginsWith(head, [tags.sequence, 'length', 0x02, 0x01, [0, 1], tags.sequence, 'length', tags.oid]);

/**
 * Lengths have at most four octets, so that what is looked for in a key stands in the first block of AES: further on, somebody
 * who puts another file's blocks there would learn from the answer what is in them.
 */
function beginsWith(head: Uint8Array, pattern: readonly (number | 'length' | readonly number[])[]): boolean {
  let at = 0;
  for (const expected of pattern) {
    const octet = head[at++];
    if (octet === undefined) return false;
    if (expected === 'length') {
      if (octet > 0x84) return false;
      at += octet > 0x80 ? octet & 0x7f : 0;
    } else if (typeof expected === 'number' ? octet !== expected : !expected.includes(octet)) return false;
  }
  return true;
}

/**
 * Whether the password is that of something encrypted. Only the first 32 octets are deciphered, and their padding is not
 * looked at: a program that opens strangers' files under its own password must not tell them what padding they made.
 */
async function passwordOpens({ contents }: SealedPfx, { passwords, decryption }: Opening): Promise<boolean> {
  const opens = (encrypted: EncryptedPrivateKeyInfo, begins: (head: Uint8Array) => boolean) =>
    opensWith(encrypted, passwords[0]!, begins, decryption);
  for (const one of contents) {
    if (one.type === 'encrypted') return opens(one.encrypted, beginsAsContents);
    for (const bag of one.safeBags) if (bag.type === 'shrouded') return opens(bag.encrypted, beginsAsKey);
  }
  return false;
}

async function openContents(
  contents: SealedPfx['contents'][number],
  path: string,
  opening: Opening,
): Promise<SafeContents> {
  if (contents.type === 'data') return { encrypted: false, safeBags: await openBags(contents.safeBags, path, opening) };
  const safeBags = await decryptAs(contents.encrypted, path, opening, beginsAsContents, (octets) =>
    parseSafeContents(octets, path, opening.limits, opening.allowance),
  );
  return { encrypted: true, safeBags: await openBags(safeBags, path, opening) };
}

const openBags = (bags: readonly SealedBag[], path: string, opening: Opening): Promise<readonly SafeBag[]> =>
  settled(bags.map((bag, index) => openBag(bag, `${path}.safeBags[${index}]`, opening)));

async function openBag(bag: SealedBag, path: string, opening: Opening): Promise<SafeBag> {
  if (bag.type === 'safeContents') return { ...bag, safeBags: await openBags(bag.safeBags, path, opening) };
  if (bag.type !== 'shrouded') return bag;
  const options = { field: path, maxLength: opening.limits.fileLength };
  return await decryptAs(bag.encrypted, path, opening, beginsAsKey, (privateKeyInfo) => {
    read(privateKeyInfo, (reader) => reader.skip('', tags.sequence), options);
    return { type: 'key', shrouded: true, privateKeyInfo, attributes: bag.attributes };
  });
}

/**
 * Decrypts, rewrites BER as DER, and parses. What the result has no views into is wiped: the octets before they were
 * rewritten, and all of them where they cannot be parsed.
 */
async function decryptAs<T>(
  encrypted: EncryptedPrivateKeyInfo,
  path: string,
  opening: Opening,
  begins: (head: Uint8Array) => boolean,
  parse: (der: Uint8Array) => T,
): Promise<T> {
  const octets = await decrypt(encrypted, path, opening);
  let der = octets;
  try {
    der = normalizeBer(octets, { field: path, maxLength: opening.limits.fileLength });
    if (der !== octets) octets.fill(0);
    return parse(der);
  } catch (error) {
    const failure = unreadable(path, error, begins(der));
    octets.fill(0);
    der.fill(0);
    throw failure;
  }
}

/** Decrypts under the first form of the password that does. @throws {@link Pkcs12Error} at the path. */
async function decrypt(
  encrypted: EncryptedPrivateKeyInfo,
  path: string,
  { passwords, decryption }: Opening,
): Promise<Uint8Array> {
  let failure: unknown;
  for (const password of passwords) {
    try {
      return await decryptWithPassword(encrypted, password, decryption);
    } catch (error) {
      failure ??= atPath(path, error);
      if (!(failure instanceof Pkcs12Error) || failure.code !== 'ERR_PKCS12_PASSWORD') throw failure;
    }
  }
  throw failure;
}
