import { contextConstructedTag, contextTag, type DerReader, read, tags } from '@mayfly/der';
import { describePublicKey } from '@mayfly/x509';
import { formatIPAddress } from '@mayfly/x509/general-name';
import { formatDistinguishedName, parseName } from '@mayfly/x509/name';
import type { Field } from '../field.js';
import { type Member, oidOf, type Shape, textOf } from '../shape.js';

/** `undefined` where the bytes are not what they should be: the fields below tell why. */
export function attempt(body: () => string): string | undefined {
  try {
    return body();
  } catch {
    return undefined; // the strict readers have named the fault
  }
}

/** Octets that are not looked into, even where they would read as ASN.1. */
export const octets: Shape = { text: () => undefined };

/** RFC 5280 §4.1.1.2. */
export const algorithmIdentifier: Shape = {
  members: [{ name: 'algorithm' }, { name: 'parameters', optional: true }],
  text: (_der, children) => [textOf(children, 'algorithm'), textOf(children, 'parameters')].filter(Boolean).join(', '),
};

const attributeTypeAndValue: Shape = {
  members: [{ name: 'type' }, { name: 'value' }],
  label: (children) => textOf(children, 'type'),
  text: (_der, children) => textOf(children, 'value'),
};

/** RFC 5280 §4.1.2.4. */
export const name: Shape = {
  each: { each: attributeTypeAndValue },
  text: (der) => attempt(() => formatDistinguishedName(parseName(der)) || '(empty)'),
};

/** RFC 5280 §4.1.2.7. */
export const subjectPublicKeyInfo: Shape = {
  members: [
    { name: 'algorithm', shape: algorithmIdentifier },
    { name: 'subjectPublicKey', shape: publicKeyShape },
  ],
  text: (der) =>
    attempt(() => {
      const key = describePublicKey(der);
      if (key.algorithm === 'RSA') return `RSA, ${key.modulusLength} bits`;
      return key.algorithm === 'EC' ? key.namedCurve : key.algorithm === 'other' ? '' : key.algorithm;
    }),
};

function publicKeyShape(before: readonly Field[]): Shape {
  return oidOf(before[0]?.children ?? [], 'algorithm') === '1.2.840.113549.1.1.1'
    ? { inside: { members: [{ name: 'modulus' }, { name: 'publicExponent' }] } }
    : octets;
}

const address: Shape = {
  type: tags.octetString,
  text: (der) =>
    attempt(() => {
      const octets = read(der, (reader) => reader.value(reader.peek(), ''));
      const half = octets.length / 2;
      if (octets.length === 8 || octets.length === 32)
        return `${formatIPAddress(octets.subarray(0, half))}/${formatIPAddress(octets.subarray(half))}`;
      return formatIPAddress(octets);
    }),
};

/** RFC 5280 §4.2.1.6. */
export const generalName: Shape = {
  choice: [
    {
      name: 'otherName',
      tag: contextConstructedTag(0),
      shape: { members: [{ name: 'type-id' }, { name: 'value', shape: { inside: {} } }] },
    },
    { name: 'rfc822Name', tag: contextTag(1), shape: { type: tags.ia5String } },
    { name: 'dNSName', tag: contextTag(2), shape: { type: tags.ia5String } },
    { name: 'directoryName', tag: contextConstructedTag(4), shape: { inside: name } },
    { name: 'uniformResourceIdentifier', tag: contextTag(6), shape: { type: tags.ia5String } },
    { name: 'iPAddress', tag: contextTag(7), shape: address },
    { name: 'registeredID', tag: contextTag(8), shape: { type: tags.oid } },
  ],
};

export const generalNames: Shape = { each: generalName };

export const validity: Shape = {
  members: [{ name: 'notBefore' }, { name: 'notAfter' }],
  text: (_der, children) => `${textOf(children, 'notBefore')} to ${textOf(children, 'notAfter')}`,
};

/** `[n] EXPLICIT` around one element. */
export const explicit = (number: number, member: string, shape: Shape = {}): Member => ({
  name: member,
  tag: contextConstructedTag(number),
  optional: true,
  shape: { inside: shape },
});

/** `[n] IMPLICIT` over a primitive of a universal type. */
export const implicit = (number: number, member: string, type: number): Member => ({
  name: member,
  tag: contextTag(number),
  optional: true,
  shape: { type },
});

/** `[n] IMPLICIT` over something constructed. */
export const implicitly = (number: number, member: string, shape: Shape): Member => ({
  name: member,
  tag: contextConstructedTag(number),
  optional: true,
  shape,
});

/** A version number as people say it. */
export const version: Shape = {
  text: (der) =>
    attempt(() => `v${read(der, (r) => (r.peek() === tags.integer ? r.smallInteger('') : explicitInteger(r))) + 1}`),
};

const explicitInteger = (reader: DerReader): number => {
  const inner = reader.explicit(0, '');
  const value = inner.smallInteger('');
  inner.end();
  return value;
};
