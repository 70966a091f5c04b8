import type { Oid } from '@mayfly/der';
import type { HasExtensions } from '../extension.js';
import { findExtension } from '../extensions/find-extension.js';
import { idCeSubjectAltName, subjectAltName } from '../extensions/subject-alt-name.js';
import type { GeneralName } from '../general-name/codec.js';
import { isHostName, isMailbox } from '../general-name/dns-name.js';
import { attributeTypes } from '../name/attribute-types.js';
import { parseName } from '../name/codec.js';
import type { Lint, LintFault } from './lint.js';

/** Whatever has names to be certified. */
export interface HasNames extends HasExtensions {
  /** DER of a Name. */
  readonly subject: Uint8Array;
  /** The subjectAltName, where it was decoded before. Default: each lint decodes it. */
  readonly alternatives?: readonly GeneralName[] | undefined;
}

const alternativesOf = (of: HasNames): readonly GeneralName[] | undefined => of.alternatives ?? subjectAltName(of);

/** DER of the empty name is two octets. */
export const isEmptyName = (name: Uint8Array): boolean => name.length === 2;

/** RFC 3986 §3: a scheme and something behind it, in the characters of §2 (RFC 5280 §4.2.1.6 allows no relative one). */
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9!#$%&'()*+,./:;=?@[\]_~-]+$/;

const ALTERNATIVES = 'extensions.subjectAltName';

/** Lints of subjects and their alternative names. */
export const nameLints: readonly Lint<HasNames>[] = /* @__PURE__ */ (() => [
  { id: 'no-name', source: 'RFC 5280 §4.1.2.6', severity: 'error', check: lintPresence },
  { id: 'subject-alt-name-critical', source: 'RFC 5280 §4.2.1.6', severity: 'error', check: lintCritical },
  ...(
    [
      ['dns-name', 'dNSName', 'host name', (text: string) => isHostName(text, true)],
      ['rfc822-name', 'rfc822Name', 'mailbox', isMailbox],
      ['uri', 'uniformResourceIdentifier', 'absolute URI', (text: string) => ABSOLUTE_URI.test(text)],
    ] as const
  ).map(
    ([id, type, what, isGood]): Lint<HasNames> => ({
      id,
      source: 'RFC 5280 §4.2.1.6',
      severity: 'error',
      check: (of) => lintAlternatives(of, type, what, isGood),
    }),
  ),
  { id: 'subject-value', source: 'RFC 5280 §4.1.2.6, Appendix A.1', severity: 'error', check: lintLengths },
])();

function lintPresence(of: HasNames): LintFault | undefined {
  if (!isEmptyName(of.subject) || alternativesOf(of) !== undefined) return undefined;
  return { path: 'subject', message: 'neither subject nor subjectAltName names anybody' };
}

function lintCritical({ subject, extensions }: HasNames): LintFault | undefined {
  const extension = findExtension({ extensions }, idCeSubjectAltName);
  if (extension === undefined || extension.critical === isEmptyName(subject)) return undefined;
  return { path: `${ALTERNATIVES}.critical`, message: 'is critical exactly when the subject is empty' };
}

function lintAlternatives(
  of: HasNames,
  type: 'dNSName' | 'rfc822Name' | 'uniformResourceIdentifier',
  what: string,
  isGood: (text: string) => boolean,
): LintFault | undefined {
  const names = alternativesOf(of) ?? [];
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (name.type === type && !isGood(name.value))
      return { path: `${ALTERNATIVES}[${i}]`, message: `${JSON.stringify(name.value.slice(0, 80))} is no ${what}` };
  }
  return undefined;
}

/** Most characters that attribute values have, by type. */
const UPPER_BOUNDS: ReadonlyMap<Oid, number> = /* @__PURE__ */ (() =>
  new Map(Object.values(attributeTypes).map(({ type, upperBound }) => [type, upperBound])))();

function lintLengths({ subject }: HasNames): LintFault | undefined {
  if (isEmptyName(subject)) return undefined;
  for (const rdn of parseName(subject))
    for (const { type, value } of rdn) {
      const most = UPPER_BOUNDS.get(type);
      if (most !== undefined && typeof value === 'string' && value.length > most && [...value].length > most)
        return { path: 'subject', message: `${type} has more than ${most} characters` };
    }
  return undefined;
}
