import { contextConstructedTag, decodeTime, fromHex, type Seconds, tags } from '@mayfly/der';
import type { CompiledProfile, Prepared } from './compile.js';
import { arePlainNames, isPlainName } from './plain-names.js';
import { isSerialNumber, SERIAL_LENGTH } from './serial-numbers.js';

// Reading a certificate at length makes some hundred objects, and most say what those of the one before said. Here its octets
// are gone over once and nothing is made (benchmarks/issue). The plainest form of each field is known and no other: what is
// not known at a glance, `lint` reads at length, so that nothing is refused here. Whoever gives `lint` a rule that such a leaf can
// break, has to have it here too.

/** Version 3, and the header of a serial number. */
const VERSION_AND_SERIAL_HEADER: Uint8Array = /* @__PURE__ */ Uint8Array.of(
  ...[0xa0, 3, tags.integer, 1, 2],
  ...[tags.integer, SERIAL_LENGTH],
);
/** An uncompressed P-256 key but for its coordinates. */
const P256_KEY: Uint8Array = /* @__PURE__ */ fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');
const COORDINATES_LENGTH = 64;
/** The header of a Validity of two times in the form of this century, and of either time. */
const VALIDITY: Uint8Array = /* @__PURE__ */ Uint8Array.of(tags.sequence, 30);
const UTC_TIME: Uint8Array = /* @__PURE__ */ Uint8Array.of(tags.utcTime, 13);
const UTC_TIME_LENGTH = 15;
/** `id-ce-subjectAltName`, and `critical TRUE`. */
const SUBJECT_ALT_NAME: Uint8Array = /* @__PURE__ */ fromHex('0603551d11');
const CRITICAL: Uint8Array = /* @__PURE__ */ fromHex('0101ff');
const EMPTY_NAME: Uint8Array = /* @__PURE__ */ fromHex('3000');
/** As long before now as a certificate may begin. */
export const MOST_BACKDATED: Seconds = 300;

/**
 * Whether `lint` would find nothing, seen without reading at length. False says nothing: what is no leaf of a P-256 key with
 * host names and URIs, without a subjectKeyIdentifier, is not known at a glance.
 */
export function isPlain(compiled: CompiledProfile, prepared: Prepared, now: Seconds): boolean {
  const { profile, issuer, constant, judged } = compiled;
  if (profile.cA || profile.svid || profile.subjectKeyIdentifier !== 'omit' || !judged.fitsCurves) return false;
  // What was compiled names the algorithm; the key that signs may have become another.
  if (issuer.key.signatureAlgorithm !== judged.parts.signature.value) return false;
  const der = prepared.tbsCertificate;
  const end = der.length;

  const serial = same(der, enter(der, 0, end, tags.sequence), VERSION_AND_SERIAL_HEADER);
  if (serial < 0 || !isPositive(der, serial) || !isSerialNumber(der, serial, prepared.serialNumber)) return false;
  const algorithm = serial + SERIAL_LENGTH;
  const validity = same(der, same(der, algorithm, judged.parts.signature.der), issuer.certificate.subject);
  const subject = validity + VALIDITY.length + 2 * UTC_TIME_LENGTH;
  if (validity < 0 || !isValidity(compiled, der, validity, now)) return false;

  const isEmpty = der[subject + 1] === 0;
  const key = isEmpty
    ? same(der, subject, EMPTY_NAME)
    : profile.subject === 'empty'
      ? NOWHERE
      : isPlainName(der, subject);
  const point = same(der, key, P256_KEY);
  if (point < 0) return false;

  let at = enter(der, enter(der, point + COORDINATES_LENGTH, end, contextConstructedTag(3)), end, tags.sequence);
  const { extensions } = judged.parts;
  if (extensions.length !== constant.extensions.length) return false;
  for (let i = 0; i < extensions.length; i++) at = same(der, at, extensions[i]!.der);
  if (at < 0) return false;
  // RFC 5280 §4.1.2.6: something names the subject, and §4.2.1.6: critical when it is all that does.
  if (at === end) return !isEmpty;
  at = same(der, enter(der, at, end, tags.sequence), SUBJECT_ALT_NAME);
  if (isEmpty) at = same(der, at, CRITICAL);
  return arePlainNames(der, enter(der, enter(der, at, end, tags.octetString), end, tags.sequence), end);
}

/** What stands for a place when something else is there. */
const NOWHERE = -1;

/** The place behind `octets`, if they stand at `at`. */
function same(der: Uint8Array, at: number, octets: Uint8Array): number {
  if (at < 0) return NOWHERE;
  for (let i = 0; i < octets.length; i++) if (der[at + i] !== octets[i]) return NOWHERE;
  return at + octets.length;
}

/** Where the content begins of an element that stands at `at`, if it has this tag and goes up to `end`. */
function enter(der: Uint8Array, at: number, end: number, tag: number): number {
  if (at < 0 || der[at] !== tag) return NOWHERE;
  const first = der[at + 1]!;
  if (first < 0x80) return at + 2 + first === end ? at + 2 : NOWHERE;
  if (first === 0x81) return der[at + 2]! >= 0x80 && at + 3 + der[at + 2]! === end ? at + 3 : NOWHERE;
  if (first !== 0x82 || der[at + 2] === 0) return NOWHERE;
  return at + 4 + ((der[at + 2]! << 8) | der[at + 3]!) === end ? at + 4 : NOWHERE;
}

/** Whether an INTEGER that begins here is above zero, and in its shortest form. */
const isPositive = (der: Uint8Array, at: number): boolean => der[at]! > 0 && der[at]! < 0x80;

/** Whether a Validity is in that of the issuer, of the length of the profile, and begins when it should. */
function isValidity({ profile, issuer }: CompiledProfile, der: Uint8Array, at: number, now: Seconds): boolean {
  const first = same(der, at, VALIDITY);
  if (same(der, first, UTC_TIME) < 0 || same(der, first + UTC_TIME_LENGTH, UTC_TIME) < 0) return false;
  const notBefore = decodeTime(der, first + 2, first + UTC_TIME_LENGTH);
  const notAfter = decodeTime(der, first + UTC_TIME_LENGTH + 2, first + 2 * UTC_TIME_LENGTH);
  if (notBefore === undefined || notAfter === undefined) return false;
  const bounds = issuer.certificate.validity;
  const inclusive = profile.lifetimeCounts === 'inclusive' ? 1 : 0;
  return (
    notBefore >= bounds.notBefore &&
    notBefore <= now &&
    notBefore >= now - MOST_BACKDATED &&
    notAfter >= notBefore &&
    notAfter <= bounds.notAfter &&
    notAfter - notBefore + inclusive <= profile.maxLifetime
  );
}
