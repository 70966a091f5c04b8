import { isAddressAndMask, type NameConstraints } from '../extensions/name-constraints.js';
import type { GeneralName, GeneralNameType } from '../general-name/codec.js';
import { isDNSName, parseMailbox } from '../general-name/dns-name.js';
import { parseName } from '../name/codec.js';
import { matchingKeys, mayMatch } from '../name/match.js';
import type { ConstrainedName } from './constrained-names.js';
import { type Budget, spend } from './limits.js';
import { fault, type PathFault } from './refusal.js';

/** What one base stands for, prepared. `withinOnly` is a base with a leading dot: what is below it, but not itself. */
export type Base =
  | { readonly kind: 'host'; readonly host: string; readonly withinOnly: boolean }
  | { readonly kind: 'mailbox'; readonly localPart: string; readonly host: string }
  | { readonly kind: 'address'; readonly addressAndMask: Uint8Array }
  | { readonly kind: 'directory'; readonly rdns: readonly string[] }
  | { readonly kind: 'unknown' };

export interface Subtrees {
  readonly permitted: Base[];
  readonly excluded: Base[];
}

/** The constraints of one authority, prepared once and held against the names of every certificate below it. */
export type PreparedConstraints = ReadonlyMap<GeneralNameType, Subtrees>;

const SECTION = 'RFC 5280 §4.2.1.10';

/** Prepares constraints; bases that are not in the syntax of their type are a fault. */
export function prepareConstraints({
  permittedSubtrees = [],
  excludedSubtrees = [],
}: NameConstraints): PreparedConstraints | PathFault {
  const prepared = new Map<GeneralNameType, Subtrees>();
  for (const [side, subtrees] of [
    ['permitted', permittedSubtrees],
    ['excluded', excludedSubtrees],
  ] as const)
    for (const { base } of subtrees) {
      const known = baseOf(base);
      if (known === undefined)
        return fault('BadExtension', SECTION, `The name constraint "${textOf(base)}" is in no syntax of ${base.type}`);
      let ofType = prepared.get(base.type);
      if (ofType === undefined) {
        ofType = { permitted: [], excluded: [] };
        prepared.set(base.type, ofType);
      }
      ofType[side].push(known);
    }
  return prepared;
}

/** Names in messages are for people: control characters stay out. */
const textOf = (name: GeneralName): string =>
  typeof name.value === 'string' ? name.value.slice(0, 80).replace(/[^\x20-\x7e]/g, '?') : 'DER';

function baseOf(base: GeneralName): Base | undefined {
  switch (base.type) {
    case 'dNSName':
    case 'uniformResourceIdentifier':
      return hostBase(base.value);
    case 'rfc822Name': {
      if (!base.value.includes('@')) return hostBase(base.value);
      const mailbox = parseMailbox(base.value);
      return mailbox && { kind: 'mailbox', localPart: mailbox.localPart, host: mailbox.domain.toLowerCase() };
    }
    case 'iPAddress':
      return isAddressAndMask(base.value) ? { kind: 'address', addressAndMask: base.value } : undefined;
    case 'directoryName':
      return { kind: 'directory', rdns: matchingKeys(parseName(base.value)) };
    default:
      return { kind: 'unknown' };
  }
}

/** A host, or a domain after a dot. The empty one holds everything. */
function hostBase(text: string): Base | undefined {
  const withinOnly = text.startsWith('.');
  const host = (withinOnly ? text.slice(1) : text).toLowerCase();
  if (host !== '' || withinOnly) if (!isDNSName(host.replaceAll('_', 'x'))) return undefined;
  return { kind: 'host', host, withinOnly };
}

/**
 * RFC 5280 §6.1.3 (b) and (c): holds every name of a certificate against the constraints of one authority above it.
 * @returns The first name that is outside what is permitted, inside what is excluded, or cannot be judged though a
 * constraint is about its type.
 */
export function nameFault(
  names: readonly ConstrainedName[],
  constraints: PreparedConstraints,
  budget: Budget,
): PathFault | undefined {
  for (const name of names) {
    const subtrees = constraints.get(name.type);
    if (subtrees === undefined) continue;
    const { permitted, excluded } = subtrees;
    if ('unjudgeable' in name)
      return fault('NameUnjudgeable', SECTION, `A ${name.type} is constrained, and one here ${name.unjudgeable}`);
    for (const base of excluded) {
      const exhausted = spend(budget, 'nameComparisons', costOf(base));
      if (exhausted !== undefined) return exhausted;
      if (isIncomparable(name, base))
        return fault(
          'NameUnjudgeable',
          SECTION,
          'A directoryName is excluded, and one here cannot be compared with it',
        );
      if (mayBeWithin(name, base))
        return fault('NameExcluded', 'RFC 5280 §6.1.3 (c)', `${described(name)} is in an excluded subtree`);
    }
    if (permitted.length === 0) continue;
    let found = false;
    for (const base of permitted) {
      const exhausted = spend(budget, 'nameComparisons', costOf(base));
      if (exhausted !== undefined) return exhausted;
      found = isWithin(name, base);
      if (found) break;
    }
    if (!found)
      return fault('NameNotPermitted', 'RFC 5280 §6.1.3 (b)', `${described(name)} is in no permitted subtree`);
  }
  return undefined;
}

/** A directory is compared level by level. */
const costOf = (base: Base): number => (base.kind === 'directory' ? Math.max(1, base.rdns.length) : 1);

function described(name: Exclude<ConstrainedName, { unjudgeable: string }>): string {
  switch (name.type) {
    case 'dNSName':
      return `The dNSName ${name.wildcard ? '*.' : ''}${name.host}`;
    case 'rfc822Name':
      return `The rfc822Name at ${name.host}`;
    case 'uniformResourceIdentifier':
      return `The uniformResourceIdentifier with the host ${name.host}`;
    case 'iPAddress':
      return `The iPAddress of ${name.octets.length} octets`;
    case 'directoryName':
      return 'The directory name';
  }
}

/** Whether all that a name stands for lies in a subtree. A wildcard stands for every name with one label more. */
function isWithin(name: Exclude<ConstrainedName, { unjudgeable: string }>, base: Base): boolean {
  switch (base.kind) {
    case 'host':
      if (name.type === 'dNSName') return isHostWithin(name.host, base.host, base.withinOnly && !name.wildcard);
      // RFC 5280 §4.2.1.10: a host of mailboxes and URIs is that host alone, a domain begins with a dot.
      if (name.type !== 'rfc822Name' && name.type !== 'uniformResourceIdentifier') return false;
      return base.withinOnly || base.host === ''
        ? isHostWithin(name.host, base.host, base.withinOnly)
        : name.host === base.host;
    case 'mailbox':
      return name.type === 'rfc822Name' && name.host === base.host && name.localPart === base.localPart;
    case 'address':
      return name.type === 'iPAddress' && isAddressWithin(name.octets, base.addressAndMask);
    case 'directory':
      return name.type === 'directoryName' && startsWith(name.rdns, base.rdns);
    case 'unknown':
      return false;
  }
}

/** Whether anything that a name stands for lies in a subtree. */
function mayBeWithin(name: Exclude<ConstrainedName, { unjudgeable: string }>, base: Base): boolean {
  if (isWithin(name, base)) return true;
  // *.example.com may be bar.example.com, which the base is about.
  return (
    name.type === 'dNSName' &&
    name.wildcard &&
    base.kind === 'host' &&
    !base.withinOnly &&
    base.host.slice(base.host.indexOf('.') + 1) === name.host &&
    base.host.includes('.')
  );
}

/** Whether a directory name may lie in a subtree, and it cannot be told: values have encodings that nobody can compare. */
function isIncomparable(name: Exclude<ConstrainedName, { unjudgeable: string }>, base: Base): boolean {
  if (name.type !== 'directoryName' || base.kind !== 'directory' || base.rdns.length > name.rdns.length) return false;
  let sure = true;
  for (const [i, rdn] of base.rdns.entries()) {
    if (rdn === name.rdns[i]) continue;
    if (!mayMatch(rdn, name.rdns[i]!)) return false;
    sure = false;
  }
  return !sure;
}

const isHostWithin = (host: string, base: string, below: boolean): boolean =>
  base === '' || (host === base ? !below : host.endsWith(base) && host[host.length - base.length - 1] === '.');

function isAddressWithin(octets: Uint8Array, addressAndMask: Uint8Array): boolean {
  const { length } = octets;
  if (addressAndMask.length !== 2 * length) return false;
  for (let i = 0; i < length; i++)
    if (((octets[i]! ^ addressAndMask[i]!) & addressAndMask[length + i]!) !== 0) return false;
  return true;
}

function startsWith(rdns: readonly string[], base: readonly string[]): boolean {
  if (base.length > rdns.length) return false;
  for (let i = 0; i < base.length; i++) if (base[i] !== rdns[i]) return false;
  return true;
}
