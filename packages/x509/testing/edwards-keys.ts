import { fromHex } from '@mayfly/der';
import type { PointFault } from '../src/public-point.js';

/** SubjectPublicKeyInfo of 32 octets as an Ed25519 key. */
export const ed25519Spki = (octets: string): Uint8Array => fromHex(`302a300506032b6570032100${octets}`);

const zeros = (count: number): string => '00'.repeat(count);
const ones = (count: number): string => 'ff'.repeat(count);
const ORDER_8 = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03';
const OTHER_ORDER_8 = '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc';

/** Every point of small order, every encoding beside the one that RFC 8032 has, and octets that are no point. */
export const badEd25519Keys: readonly (readonly [name: string, octets: string, reason: PointFault['reason']])[] = [
  ['the identity', `01${zeros(31)}`, 'SmallOrder'],
  ['the point of order 2', `ec${ones(30)}7f`, 'SmallOrder'],
  ['a point of order 4', zeros(32), 'SmallOrder'],
  ['the other point of order 4', `${zeros(31)}80`, 'SmallOrder'],
  ['the first point of order 8', `${OTHER_ORDER_8}05`, 'SmallOrder'],
  ['the second point of order 8', `${OTHER_ORDER_8}85`, 'SmallOrder'],
  ['the third point of order 8', `${ORDER_8}7a`, 'SmallOrder'],
  ['the fourth point of order 8', `${ORDER_8}fa`, 'SmallOrder'],
  ['the identity with a sign', `01${zeros(30)}80`, 'NotCanonical'],
  ['the point of order 2 with a sign', `ec${ones(31)}`, 'NotCanonical'],
  ['y = p, the point of order 4 again', `ed${ones(30)}7f`, 'NotCanonical'],
  ['y = p with a sign', `ed${ones(31)}`, 'NotCanonical'],
  ['y = p + 1, the identity again', `ee${ones(30)}7f`, 'NotCanonical'],
  ['y = p + 3, a point of large order again', `f0${ones(30)}7f`, 'NotCanonical'],
  ['y = 2²⁵⁵ - 1', `${ones(31)}7f`, 'NotCanonical'],
  ['y = 2', `02${zeros(31)}`, 'NotOnCurve'],
  ['y = 7', `07${zeros(31)}`, 'NotOnCurve'],
];
