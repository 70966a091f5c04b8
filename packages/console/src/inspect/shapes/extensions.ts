import { tags } from '@mayfly/der';
import { keyUsage } from '@mayfly/x509/extensions';
import { oidOf, type Shape, textOf } from '../shape.js';
import { attempt, explicit, generalName, generalNames, implicit, implicitly, octets } from './common.js';

const distributionPoint: Shape = {
  members: [
    explicit(0, 'distributionPoint', {
      choice: [implicitly(0, 'fullName', generalNames), implicitly(1, 'nameRelativeToCRLIssuer', {})],
    }),
    implicit(1, 'reasons', tags.bitString),
    implicitly(2, 'cRLIssuer', generalNames),
  ],
};

const subtree: Shape = { members: [{ name: 'base', shape: generalName }] };
const accessDescription: Shape = {
  members: [{ name: 'accessMethod' }, { name: 'accessLocation', shape: generalName }],
  label: (children) => textOf(children, 'accessMethod'),
  text: (_der, children) => textOf(children, 'accessLocation'),
};

const KEY_USAGE = '2.5.29.15';

/** What stands in the extnValue of the extensions of RFC 5280 §4.2 and §5.2, by OID. */
const shapes: Readonly<Record<string, Shape>> = {
  '2.5.29.14': octets,
  [KEY_USAGE]: {
    text: (extnValue) =>
      attempt(() => [...keyUsage({ extensions: [{ extnID: KEY_USAGE, critical: false, extnValue }] })!].join(', ')),
  },
  '2.5.29.17': generalNames,
  '2.5.29.18': generalNames,
  '2.5.29.19': {
    members: [
      { name: 'cA', tag: tags.boolean, optional: true },
      { name: 'pathLenConstraint', optional: true },
    ],
    text: (_der, children) =>
      textOf(children, 'cA') !== 'TRUE'
        ? 'end entity'
        : `CA${children[1] === undefined ? '' : `, pathLenConstraint ${children[1].text}`}`,
  },
  '2.5.29.20': {},
  '2.5.29.21': {},
  '2.5.29.24': {},
  '2.5.29.27': {},
  '2.5.29.28': {
    members: [
      explicit(0, 'distributionPoint', { choice: [implicitly(0, 'fullName', generalNames)] }),
      implicit(1, 'onlyContainsUserCerts', tags.boolean),
      implicit(2, 'onlyContainsCACerts', tags.boolean),
      implicit(3, 'onlySomeReasons', tags.bitString),
      implicit(4, 'indirectCRL', tags.boolean),
      implicit(5, 'onlyContainsAttributeCerts', tags.boolean),
    ],
  },
  '2.5.29.29': generalNames,
  '2.5.29.30': {
    members: [
      implicitly(0, 'permittedSubtrees', { each: subtree }),
      implicitly(1, 'excludedSubtrees', { each: subtree }),
    ],
  },
  '2.5.29.31': { each: distributionPoint },
  '2.5.29.32': { each: { members: [{ name: 'policyIdentifier' }, { name: 'policyQualifiers', optional: true }] } },
  '2.5.29.33': { each: { members: [{ name: 'issuerDomainPolicy' }, { name: 'subjectDomainPolicy' }] } },
  '2.5.29.35': {
    members: [
      { name: 'keyIdentifier', tag: 0x80, optional: true },
      implicitly(1, 'authorityCertIssuer', generalNames),
      implicit(2, 'authorityCertSerialNumber', tags.integer),
    ],
  },
  '2.5.29.36': {
    members: [implicit(0, 'requireExplicitPolicy', tags.integer), implicit(1, 'inhibitPolicyMapping', tags.integer)],
  },
  '2.5.29.37': {},
  '2.5.29.46': { each: distributionPoint },
  '2.5.29.54': {},
  '1.3.6.1.5.5.7.1.1': { each: accessDescription },
  '1.3.6.1.5.5.7.1.11': { each: accessDescription },
};

/** RFC 5280 §4.1. An extension is called by its name, and says first whether it is critical. */
const extension: Shape = {
  members: [
    { name: 'extnID' },
    { name: 'critical', tag: tags.boolean, optional: true },
    { name: 'extnValue', shape: (before) => extnValueShape(oidOf(before, 'extnID')) },
  ],
  label: (children) => textOf(children, 'extnID'),
  text: (_der, children) =>
    [textOf(children, 'critical') === 'TRUE' && 'critical', textOf(children, 'extnValue')].filter(Boolean).join(' · '),
};

/** What has no shape here is read as ASN.1 where it is some, and as octets where it is none, as SCT lists. */
function extnValueShape(extnID: string | undefined): Shape {
  const shape = shapes[extnID ?? ''];
  return shape === undefined ? {} : { inside: shape };
}

export const extensions: Shape = { each: extension };
