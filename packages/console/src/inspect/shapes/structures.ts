import { contextTag, tags } from '@mayfly/der';
import type { Field } from '../field.js';
import { type Member, oidOf, type Shape, textOf } from '../shape.js';
import {
  algorithmIdentifier,
  explicit,
  generalName,
  implicit,
  implicitly,
  name,
  octets,
  subjectPublicKeyInfo,
  validity,
  version,
} from './common.js';
import { extensions } from './extensions.js';

/** An ECDSA signature is two integers (RFC 3279 §2.2.3), any other one its octets. */
const signature = (name: string): Member => ({
  name,
  shape: (before) =>
    before.at(-1)?.text.startsWith('ecdsa')
      ? { inside: { members: [{ name: 'r' }, { name: 's' }], text: () => 'r and s' } }
      : octets,
});

const signed = (toBeSigned: Member): Shape => ({
  members: [toBeSigned, { name: 'signatureAlgorithm', shape: algorithmIdentifier }, signature('signatureValue')],
});

/** RFC 5280 §4.1. */
export const certificate: Shape = {
  ...signed({
    name: 'tbsCertificate',
    shape: {
      members: [
        { ...explicit(0, 'version', {}), shape: { inside: version } },
        { name: 'serialNumber' },
        { name: 'signature', shape: algorithmIdentifier },
        { name: 'issuer', shape: name },
        { name: 'validity', shape: validity },
        { name: 'subject', shape: name },
        { name: 'subjectPublicKeyInfo', shape: subjectPublicKeyInfo },
        implicit(1, 'issuerUniqueID', tags.bitString),
        implicit(2, 'subjectUniqueID', tags.bitString),
        explicit(3, 'extensions', extensions),
      ],
    },
  }),
};

const attribute: Shape = {
  members: [
    { name: 'type' },
    {
      name: 'values',
      shape: (before) => ({ each: oidOf(before, 'type') === '1.2.840.113549.1.9.14' ? extensions : {} }),
    },
  ],
  label: (children) => textOf(children, 'type'),
  text: (_der, children) => textOf(children, 'values'),
};

/** RFC 2986 §4. */
export const certificationRequest: Shape = {
  members: [
    {
      name: 'certificationRequestInfo',
      shape: {
        members: [
          { name: 'version', shape: version },
          { name: 'subject', shape: name },
          { name: 'subjectPKInfo', shape: { ...subjectPublicKeyInfo, label: () => 'subjectPublicKeyInfo' } },
          implicitly(0, 'attributes', { each: attribute }),
        ],
      },
    },
    { name: 'signatureAlgorithm', shape: algorithmIdentifier },
    signature('signature'),
  ],
};

/** RFC 5280 §5.1. */
export const certificateList: Shape = signed({
  name: 'tbsCertList',
  shape: {
    members: [
      { name: 'version', tag: tags.integer, optional: true, shape: version },
      { name: 'signature', shape: algorithmIdentifier },
      { name: 'issuer', shape: name },
      { name: 'thisUpdate' },
      { name: 'nextUpdate', tag: tags.utcTime, optional: true },
      { name: 'nextUpdate', tag: tags.generalizedTime, optional: true },
      {
        name: 'revokedCertificates',
        tag: tags.sequence,
        optional: true,
        shape: {
          each: {
            members: [
              { name: 'userCertificate' },
              { name: 'revocationDate' },
              { name: 'crlEntryExtensions', optional: true, shape: extensions },
            ],
          },
        },
      },
      explicit(0, 'crlExtensions', extensions),
    ],
  },
});

const certID: Shape = {
  members: [
    { name: 'hashAlgorithm', shape: algorithmIdentifier },
    { name: 'issuerNameHash' },
    { name: 'issuerKeyHash' },
    { name: 'serialNumber' },
  ],
};

/** RFC 6960 §4.1.1. */
export const ocspRequest: Shape = {
  members: [
    {
      name: 'tbsRequest',
      shape: {
        members: [
          explicit(0, 'version', version),
          explicit(1, 'requestorName', generalName),
          {
            name: 'requestList',
            tag: tags.sequence,
            shape: {
              each: {
                members: [{ name: 'reqCert', shape: certID }, explicit(0, 'singleRequestExtensions', extensions)],
              },
            },
          },
          explicit(2, 'requestExtensions', extensions),
        ],
      },
    },
    explicit(0, 'optionalSignature'),
  ],
};

const STATUS = ['successful', 'malformedRequest', 'internalError', 'tryLater', '(4)', 'sigRequired', 'unauthorized'];

const basicOCSPResponse: Shape = {
  members: [
    {
      name: 'tbsResponseData',
      shape: {
        members: [
          explicit(0, 'version', version),
          {
            name: 'responderID',
            shape: { choice: [explicit(1, 'byName', name), explicit(2, 'byKey')] },
          },
          { name: 'producedAt' },
          {
            name: 'responses',
            shape: {
              each: {
                members: [
                  { name: 'certID', shape: certID },
                  {
                    name: 'certStatus',
                    shape: {
                      choice: [
                        { name: 'good', tag: contextTag(0), shape: { type: tags.null, text: () => 'good' } },
                        implicitly(1, 'revoked', {
                          members: [{ name: 'revocationTime' }, explicit(0, 'revocationReason')],
                        }),
                        { name: 'unknown', tag: contextTag(2), shape: { type: tags.null, text: () => 'unknown' } },
                      ],
                    },
                  },
                  { name: 'thisUpdate' },
                  explicit(0, 'nextUpdate'),
                  explicit(1, 'singleExtensions', extensions),
                ],
              },
            },
          },
          explicit(1, 'responseExtensions', extensions),
        ],
      },
    },
    { name: 'signatureAlgorithm', shape: algorithmIdentifier },
    signature('signature'),
    explicit(0, 'certs', { each: certificate }),
  ],
};

/** RFC 6960 §4.2.1. */
export const ocspResponse: Shape = {
  members: [
    { name: 'responseStatus', shape: { text: (der) => STATUS[der[2] ?? 255] } },
    explicit(0, 'responseBytes', {
      members: [{ name: 'responseType' }, { name: 'response', shape: { inside: basicOCSPResponse } }],
    }),
  ],
};

const secret = (member: string): Member => ({ name: member, shape: { isSecret: true } });

/** RFC 5915 §3. */
export const ecPrivateKey: Shape = {
  members: [{ name: 'version' }, secret('privateKey'), explicit(0, 'parameters'), explicit(1, 'publicKey')],
};

/** RFC 8017 Appendix A.1.2. */
export const rsaPrivateKey: Shape = {
  members: [
    { name: 'version' },
    { name: 'modulus' },
    { name: 'publicExponent' },
    ...['privateExponent', 'prime1', 'prime2', 'exponent1', 'exponent2', 'coefficient'].map(secret),
  ],
};

export const rsaPublicKey: Shape = { members: [{ name: 'modulus' }, { name: 'publicExponent' }] };

const PRIVATE_KEYS: Readonly<Record<string, Shape>> = {
  '1.2.840.113549.1.1.1': { inside: rsaPrivateKey },
  '1.2.840.10045.2.1': { inside: ecPrivateKey },
};

/** RFC 5958 §2. */
export const privateKeyInfo: Shape = {
  members: [
    { name: 'version' },
    { name: 'privateKeyAlgorithm', shape: algorithmIdentifier },
    {
      name: 'privateKey',
      shape: (before: readonly Field[]) =>
        PRIVATE_KEYS[oidOf(before.at(-1)?.children ?? [], 'algorithm') ?? ''] ?? { isSecret: true },
    },
    implicitly(0, 'attributes', { each: attribute }),
    implicit(1, 'publicKey', tags.bitString),
  ],
};

/** RFC 5958 §3. */
export const encryptedPrivateKeyInfo: Shape = {
  members: [
    { name: 'encryptionAlgorithm', shape: algorithmIdentifier },
    { name: 'encryptedData', shape: octets },
  ],
};

/** RFC 7292 §4. */
export const pfx: Shape = {
  members: [
    { name: 'version' },
    { name: 'authSafe', shape: { members: [{ name: 'contentType' }, explicit(0, 'content')] } },
    {
      name: 'macData',
      optional: true,
      shape: {
        members: [
          {
            name: 'mac',
            shape: { members: [{ name: 'digestAlgorithm', shape: algorithmIdentifier }, { name: 'digest' }] },
          },
          { name: 'macSalt' },
          { name: 'iterations', optional: true },
        ],
      },
    },
  ],
};
