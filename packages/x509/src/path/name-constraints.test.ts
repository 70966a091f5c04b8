import { encode, fromHex, oid, sequence, setOf, string, tags } from '@mayfly/der';
import { describe, expect, test } from 'vitest';
import type { NameConstraints } from '../extensions/name-constraints.js';
import { type GeneralName, parseGeneralName } from '../general-name.js';
import { buildName, encodeName } from '../name.js';
import { constrainedName } from './constrained-names.js';
import { budgetOf } from './limits.js';
import { nameFault, prepareConstraints } from './name-constraints.js';
import { isFault } from './refusal.js';

const nameOf = (text: string): GeneralName => {
  const [, prefix, value] = /^(\w+):(.*)$/s.exec(text)!;
  switch (prefix) {
    case 'DNS':
      return { type: 'dNSName', value: value! };
    case 'email':
      return { type: 'rfc822Name', value: value! };
    case 'URI':
      return { type: 'uniformResourceIdentifier', value: value! };
    case 'hex':
      return { type: 'iPAddress', value: fromHex(value!) };
    case 'dir': {
      const [organization, commonName] = value!.split('/');
      return {
        type: 'directoryName',
        value: encodeName(buildName({ ...(organization && { organization }), ...(commonName && { commonName }) })),
      };
    }
    case 'teletex':
    case 'padded': {
      const text = prefix === 'teletex' ? value! : `${value}${' \u200b'.repeat(1100)}`;
      const type = prefix === 'teletex' ? tags.teletexString : tags.utf8String;
      return { type: 'directoryName', value: encode(sequence(setOf(sequence(oid('2.5.4.10'), string(type, text))))) };
    }
    case 'other':
      return { type: 'otherName', typeId: value!, value: fromHex('0500') };
    default:
      return parseGeneralName(text);
  }
};

const constraints = (text: string): NameConstraints => {
  const of = (sign: string) =>
    text
      .split(' ')
      .filter((part) => part.startsWith(sign))
      .map((part) => ({ base: nameOf(part.slice(1)) }));
  const [permitted, excluded] = [of('+'), of('-')];
  return {
    ...(permitted.length > 0 && { permittedSubtrees: permitted }),
    ...(excluded.length > 0 && { excludedSubtrees: excluded }),
  };
};

/** What becomes of names, `,` between them, under constraints: `+` permitted, `-` excluded. */
function verdict(names: string, of: string): string {
  const prepared = prepareConstraints(constraints(of));
  if (isFault(prepared)) return prepared.reason;
  const found = nameFault(
    names.split(',').map((name) => constrainedName(nameOf(name))),
    prepared,
    budgetOf(),
  );
  return found?.reason ?? 'ok';
}

describe('names under constraints', () => {
  test.each([
    // RFC 5280 §4.2.1.10, dNSName: labels added to the left
    ['DNS:host.example.com', '+DNS:host.example.com', 'ok'],
    ['DNS:www.host.example.com', '+DNS:host.example.com', 'ok'],
    ['DNS:host1.example.com', '+DNS:host.example.com', 'NameNotPermitted'],
    ['DNS:nothost.example.com', '+DNS:host.example.com', 'NameNotPermitted'],
    ['DNS:HOST.Example.COM', '+DNS:host.example.com', 'ok'],
    ['DNS:a.example', '+DNS:', 'ok'],
    ['DNS:a.example', '-DNS:', 'NameExcluded'],
    ['DNS:a.example', '+DNS:example -DNS:a.example', 'NameExcluded'],
    ['DNS:a.example,DNS:b.test', '+DNS:example', 'NameNotPermitted'],
    ['DNS:a.example', '+DNS:.example', 'ok'],
    ['DNS:example', '+DNS:.example', 'NameNotPermitted'],
    // wildcards stand for every name with one label more
    ['DNS:*.example.com', '+DNS:example.com', 'ok'],
    ['DNS:*.example.com', '+DNS:foo.example.com', 'NameNotPermitted'],
    ['DNS:*.example.com', '-DNS:foo.example.com', 'NameExcluded'],
    ['DNS:*.example.com', '-DNS:a.foo.example.com', 'ok'],
    ['DNS:*.example.com', '-DNS:example.com', 'NameExcluded'],
    ['DNS:*.example.com', '+DNS:.example.com', 'ok'],
    ['DNS:*.example.com', '-DNS:.example.com', 'NameExcluded'],
    // what cannot be read cannot be judged
    ['DNS:a_b.example', '+DNS:example', 'NameUnjudgeable'],
    ['DNS:a_b.example', '+email:example', 'ok'],
    ['DNS:a.example', '+DNS:*.example', 'BadExtension'],
    ['DNS:a.example', '+DNS:a..example', 'BadExtension'],
    // rfc822Name: a mailbox, a host, a domain
    ['email:root@example.com', '+email:root@example.com', 'ok'],
    ['email:Root@example.com', '+email:root@example.com', 'NameNotPermitted'],
    ['email:root@EXAMPLE.com', '+email:root@example.com', 'ok'],
    ['email:"root"@example.com', '+email:root@example.com', 'ok'],
    ['email:*@example.com', '+email:*@example.com', 'ok'],
    ['email:user@example.com', '+email:*@example.com', 'NameNotPermitted'],
    ['email:root@example.com', '+email:example.com', 'ok'],
    ['email:root@a.example.com', '+email:example.com', 'NameNotPermitted'],
    ['email:root@a.example.com', '+email:.example.com', 'ok'],
    ['email:root@example.com', '+email:.example.com', 'NameNotPermitted'],
    ['email:root@a.example.com', '-email:.example.com', 'NameExcluded'],
    ['email:not a mailbox', '+email:example.com', 'NameUnjudgeable'],
    ['email:root@example.com', '+email:a@b@c', 'BadExtension'],
    ['other:1.3.6.1.5.5.7.8.9', '+email:example.com', 'NameUnjudgeable'],
    // uniformResourceIdentifier: the host, or a domain with a dot before it
    ['URI:https://example.com/x', '+URI:example.com', 'ok'],
    ['URI:https://a.example.com/x', '+URI:example.com', 'NameNotPermitted'],
    ['URI:https://a.example.com:8443/x', '+URI:.example.com', 'ok'],
    ['URI:https://example.com', '+URI:.example.com', 'NameNotPermitted'],
    ['URI:https://user@example.com', '+URI:example.com', 'ok'],
    ['URI:https://example.com@evil.test/', '+URI:example.com', 'NameNotPermitted'],
    ['URI:spiffe://example.org/web', '+URI:example.org', 'ok'],
    ['URI:spiffe://example.org/web', '-URI:example.org', 'NameExcluded'],
    ['URI:https://192.0.2.1/', '+URI:example.com', 'NameUnjudgeable'],
    ['URI:https://[2001:db8::1]/', '-URI:example.com', 'NameUnjudgeable'],
    ['URI:https://evil.test\\@example.com/', '+URI:example.com', 'NameUnjudgeable'],
    ['URI:urn:uuid:1', '-URI:example.com', 'NameUnjudgeable'],
    // iPAddress: address and mask, each family by itself
    ['IP:10.1.2.3', '+hex:0a000000ff000000', 'ok'],
    ['IP:11.1.2.3', '+hex:0a000000ff000000', 'NameNotPermitted'],
    ['IP:11.1.2.3', '-hex:0a000000ff000000', 'ok'],
    ['IP:10.1.2.3', '-hex:0a000000ff000000', 'NameExcluded'],
    ['IP:2001:db8::1', '+hex:0a000000ff000000', 'NameNotPermitted'],
    ['IP:2001:db8::1', '+hex:20010db8000000000000000000000000ffffffff000000000000000000000000', 'ok'],
    ['IP:10.1.2.3', '+hex:0000000000000000', 'ok'],
    ['IP:10.1.2.3', '-hex:0a010203', 'BadExtension'],
    ['IP:10.1.2.3', '-hex:0a000000ff00ff00', 'BadExtension'],
    // directoryName: RDN by RDN from the root, as names are compared
    ['dir:Example/a', '+dir:Example', 'ok'],
    ['dir:EXAMPLE/a', '+dir:example', 'ok'],
    ['dir:Other/a', '+dir:Example', 'NameNotPermitted'],
    ['dir:Example', '+dir:Example/a', 'NameNotPermitted'],
    ['dir:Example/a', '-dir:Example/a', 'NameExcluded'],
    // however much is in a value that does not count; what cannot be compared may be anything
    ['padded:Example', '-dir:Example', 'NameExcluded'],
    ['dir:Exam\ue000ple', '-dir:Example', 'NameUnjudgeable'],
    ['dir:Exam\ue000ple', '+dir:Example', 'NameNotPermitted'],
    ['dir:Other/\ue000', '-dir:Example/a', 'ok'],
    ['dir:/\ue000', '-dir:Example', 'ok'],
    ['teletex:Example', '-dir:Example', 'NameUnjudgeable'],
    // types without rules
    ['other:1.2.3', '+other:1.2.3', 'NameUnjudgeable'],
    ['other:1.2.3', '-other:1.2.4', 'NameUnjudgeable'],
    ['DNS:a.example', '-other:1.2.4', 'ok'],
    ['other:1.2.3', '+DNS:example', 'ok'],
  ])('%s under %s: %s', (names, of, expected) => {
    expect(verdict(names, of)).toBe(expected);
  });
});
