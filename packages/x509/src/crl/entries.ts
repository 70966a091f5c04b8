import { type DerReader, encode, integer, type Oid, read, type Seconds, sequence, tags, time } from '@mayfly/der';
import { X509Error } from '../errors.js';
import { type Extension, extensionsNode, readExtensions } from '../extension.js';
import { certificateIssuer, idCeCertificateIssuer } from '../extensions/certificate-issuer.js';
import { unhandledCritical } from '../extensions/find-extension.js';
import { idCeInvalidityDate, invalidityDate } from '../extensions/invalidity-date.js';
import { idCeCRLReasons, isReasonNumber, reasonCode } from '../extensions/reason-code.js';
import type { GeneralName } from '../general-name/codec.js';

/** RFC 5280 §5.1.2.6: one entry of a list. `reasonCode(entry)` and `invalidityDate(entry)` decode its extensions. */
export interface RevokedCertificate {
  /** The serial number. */
  readonly userCertificate: bigint;
  readonly revocationDate: Seconds;
  /** The `crlEntryExtensions`. */
  readonly extensions: readonly Extension[];
  /**
   * Who issued the certificate, on an indirect list: what this entry or the last one before it names. Absent where no entry
   * before names one: it is the issuer of the list.
   */
  readonly certificateIssuer?: readonly GeneralName[];
}

/** The entries of a list, checked but not decoded. */
export interface Entries {
  /** The content of `revokedCertificates`: entries one after the other, a view. Empty where the field is absent. */
  readonly content: Uint8Array;
  readonly count: number;
  /** The first critical extension of an entry that nobody here understands: RFC 5280 §5.3 then forbids to use the list. */
  readonly unhandledCritical?: Oid;
  /** Where the first entry stands that names the issuer of its certificate, in octets from the start of the input. */
  readonly firstCertificateIssuer?: number;
}

/** Extensions of entries that this package understands. */
const HANDLED: readonly Oid[] = [idCeCRLReasons, idCeInvalidityDate, idCeCertificateIssuer];

const NO_ENTRIES: Entries = /* @__PURE__ */ (() => ({ content: new Uint8Array(0), count: 0 }))();

/**
 * `crlEntryExtensions` with nothing but a reasonCode, up to its number. Most entries have exactly this; comparing it
 * takes a tenth of the time of decoding it (benchmarks/crl).
 */
const REASON_CODE_ALONE: readonly number[] = [0x30, 12, 0x30, 10, 6, 3, 0x55, 0x1d, 21, 4, 3, 10, 1];

/**
 * Reads `revokedCertificates` to its last octet, and keeps nothing of an entry.
 * @param tbs - Standing where the field may be; left behind it.
 * @param der - What `tbs` reads.
 */
export function checkEntries(tbs: DerReader, der: Uint8Array, version: 1 | 2): Entries {
  if (tbs.peek() !== tags.sequence) return NO_ENTRIES;
  const list = tbs.sequence('revokedCertificates');
  const start = list.offset;
  let count = 0;
  let unhandled: Oid | undefined;
  let firstCertificateIssuer: number | undefined;
  for (; !list.done; count++) {
    const entryStart = list.offset;
    const entry = list.sequence('');
    entry.integerOctets('userCertificate');
    entry.time('revocationDate');
    if (entry.done) continue;
    if (version === 1) refuseExtensions(entry);
    if (isReasonCodeAlone(der, entry.offset)) entry.skip('crlEntryExtensions');
    else {
      const extensions = readExtensions(entry, 'crlEntryExtensions');
      const of = { extensions };
      reasonCode(of);
      invalidityDate(of);
      if (certificateIssuer(of) !== undefined) firstCertificateIssuer ??= entryStart;
      unhandled ??= unhandledCritical(of, HANDLED)[0];
    }
    entry.end();
  }
  return {
    content: list.since(start),
    count,
    ...(unhandled !== undefined && { unhandledCritical: unhandled }),
    ...(firstCertificateIssuer !== undefined && { firstCertificateIssuer }),
  };
}

function refuseExtensions(entry: DerReader): never {
  throw new X509Error(
    'ERR_X509_VERSION',
    entry.offset,
    entry.path('crlEntryExtensions'),
    'v1 has no crlEntryExtensions',
  );
}

function isReasonCodeAlone(der: Uint8Array, at: number): boolean {
  for (let i = 0; i < REASON_CODE_ALONE.length; i++) if (der[at + i] !== REASON_CODE_ALONE[i]) return false;
  return isReasonNumber(der[at + REASON_CODE_ALONE.length]!);
}

/** The entries of a list in its order, decoded one at a time. */
export function* revokedCertificates({
  entries: { content },
}: {
  readonly entries: Entries;
}): Generator<RevokedCertificate, void> {
  let names: readonly GeneralName[] | undefined;
  for (let at = 0; at < content.length; ) {
    const end = entryEnd(content, at);
    const entry = decodeEntry(content.subarray(at, end));
    names = certificateIssuer(entry) ?? names;
    yield withIssuer(entry, names);
    at = end;
  }
}

/** Where the entry at `at` ends; only for entries that were checked. */
export function entryEnd(content: Uint8Array, at: number): number {
  let length = content[at + 1]!;
  let contentStart = at + 2;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + content[contentStart++]!;
  }
  return contentStart + length;
}

/** Decodes one entry, without what the entries before it say of its issuer. */
export const decodeEntry = (der: Uint8Array): RevokedCertificate =>
  read(
    der,
    (reader) => {
      const entry = reader.sequence('');
      const userCertificate = entry.integer('userCertificate');
      const revocationDate = entry.time('revocationDate');
      const extensions = entry.done ? [] : readEntryExtensions(entry, der);
      entry.end();
      return { userCertificate, revocationDate, extensions };
    },
    { field: 'revokedCertificate', maxLength: Number.POSITIVE_INFINITY },
  );

function readEntryExtensions(entry: DerReader, der: Uint8Array): readonly Extension[] {
  if (!isReasonCodeAlone(der, entry.offset)) return readExtensions(entry, 'crlEntryExtensions');
  const extnValue = entry.element('crlEntryExtensions').subarray(REASON_CODE_ALONE.length - 2);
  return [{ extnID: idCeCRLReasons, critical: false, extnValue }];
}

/** The entry with the issuer that the entries up to it name. */
export const withIssuer = (entry: RevokedCertificate, names: readonly GeneralName[] | undefined): RevokedCertificate =>
  names === undefined ? entry : { ...entry, certificateIssuer: names };

/**
 * Writes entries one after the other. `certificateIssuer` is not written by itself; its extension is.
 * @returns The content of `revokedCertificates`. No node is kept for an entry, so a million of them fit.
 */
export function encodeEntries(entries: Iterable<RevokedCertificate>): Uint8Array {
  let content = new Uint8Array(1024);
  let length = 0;
  for (const { userCertificate, revocationDate, extensions } of entries) {
    const entry = encode(
      sequence(integer(userCertificate), time(revocationDate), extensions.length > 0 && extensionsNode(extensions)),
    );
    if (length + entry.length > content.length) {
      const longer = new Uint8Array(2 * content.length + entry.length);
      longer.set(content.subarray(0, length));
      content = longer;
    }
    content.set(entry, length);
    length += entry.length;
  }
  return content.subarray(0, length);
}
