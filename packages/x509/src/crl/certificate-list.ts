import {
  contextConstructedTag,
  type DerReader,
  encode,
  explicit,
  integer,
  primitive,
  raw,
  read,
  type Seconds,
  sequence,
  tags,
  time,
} from '@mayfly/der';
import {
  type AlgorithmIdentifier,
  algorithmIdentifierNode,
  equalAlgorithmIdentifiers,
  readAlgorithmIdentifier,
} from '../algorithm-identifier.js';
import { X509Error } from '../errors.js';
import { type Extension, extensionsNode, readExtensions } from '../extension.js';
import { issuingDistributionPoint } from '../extensions/issuing-distribution-point.js';
import { readSignature, type SignedParts } from '../signed.js';
import { checkEntries, type Entries, encodeEntries, type RevokedCertificate } from './entries.js';

/** Longest revocation list accepted, in octets, unless a caller says otherwise: about two million entries. */
export const MAX_CRL_LENGTH = 67_108_864;

/** RFC 5280 §5.1. Views into `der`; treat bytes as read-only, copy what must outlive the input. */
export interface CertificateList {
  readonly der: Uint8Array;
  /** Exactly what was signed. Never re-encoded. */
  readonly tbsCertList: Uint8Array;
  readonly version: 1 | 2;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Seconds;
  /** Absent from lists that break RFC 5280 §5.1.2.5. */
  readonly nextUpdate?: Seconds;
  /** Checked, but not decoded: `revokedCertificates` gives the entries one by one, `indexCRL` looks them up. */
  readonly entries: Entries;
  /** The `crlExtensions`. */
  readonly extensions: readonly Extension[];
  readonly signatureValue: Uint8Array;
}

export interface ParseCRLOptions {
  /** Longest input accepted, in octets. Default {@link MAX_CRL_LENGTH}. */
  readonly maxLength?: number;
}

/**
 * Reads a revocation list, strictly, every entry and the extensions of entries included; no object is kept for an entry.
 *
 * Beyond DER and RFC 5280 it accepts a list without `nextUpdate`, an empty `revokedCertificates`, and serial numbers that no
 * certificate should have.
 * @throws {@link DerError} for broken DER; {@link X509Error} `ERR_X509_VERSION` for extensions in a list of version 1,
 * `ERR_X509_ALGORITHM_MISMATCH`, `ERR_X509_DUPLICATE_EXTENSION`, and what the extensions of entries throw;
 * `ERR_X509_EXTENSION` for a certificateIssuer on a list that is not indirect.
 */
export const parseCRL = (
  der: Uint8Array,
  { maxLength = MAX_CRL_LENGTH, ...unknown }: ParseCRLOptions = {},
): CertificateList => {
  unknown satisfies Record<string, never>;
  return read(der, (reader) => readCertificateList(reader, der), { field: 'certificateList', maxLength });
};

/** The signed part, algorithm and signature of a list, as {@link VerifySignature} takes them. */
export const crlSignedParts = ({ tbsCertList, signatureAlgorithm, signatureValue }: CertificateList): SignedParts => ({
  tbs: tbsCertList,
  signatureAlgorithm,
  signatureValue,
});

/*
 * CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue }
 *
 * TBSCertList ::= SEQUENCE {
 *   version                 Version OPTIONAL, -- if present, MUST be v2
 *   signature               AlgorithmIdentifier,
 *   issuer                  Name,
 *   thisUpdate              Time,
 *   nextUpdate              Time OPTIONAL,
 *   revokedCertificates     SEQUENCE OF SEQUENCE { ... } OPTIONAL,
 *   crlExtensions       [0] EXPLICIT Extensions OPTIONAL -- if present, version MUST be v2 }
 */
function readCertificateList(reader: DerReader, der: Uint8Array): CertificateList {
  const list = reader.sequence('');
  const tbsStart = list.offset;
  const tbs = list.sequence('tbsCertList');
  const tbsCertList = list.since(tbsStart);
  const version = readVersion(tbs);
  const signature = readAlgorithmIdentifier(tbs, 'signature');
  const issuer = tbs.element('issuer', tags.sequence);
  const thisUpdate = tbs.time('thisUpdate');
  const isTime = tbs.peek() === tags.utcTime || tbs.peek() === tags.generalizedTime;
  const nextUpdate = isTime ? tbs.time('nextUpdate') : undefined;
  const entries = checkEntries(tbs, der, version);
  let extensions: readonly Extension[] = [];
  if (tbs.peek() === contextConstructedTag(0)) {
    if (version === 1) refuseVersion(tbs, tbs.offset, 'v1 has no crlExtensions');
    const wrapper = tbs.explicit(0, 'crlExtensions');
    extensions = readExtensions(wrapper, '');
    wrapper.end();
  }
  tbs.end();
  const { firstCertificateIssuer } = entries;
  if (firstCertificateIssuer !== undefined && issuingDistributionPoint({ extensions })?.indirectCRL !== true)
    throw new X509Error(
      'ERR_X509_EXTENSION',
      firstCertificateIssuer,
      tbs.path('revokedCertificates'),
      'an entry names the issuer of its certificate, and the list is not indirect',
    );

  const algorithmStart = list.offset;
  const { signatureAlgorithm, signatureValue } = readSignature(list);
  if (!equalAlgorithmIdentifiers(signature, signatureAlgorithm))
    throw new X509Error(
      'ERR_X509_ALGORITHM_MISMATCH',
      algorithmStart,
      list.path('signatureAlgorithm'),
      `${signatureAlgorithm.algorithm}, not what tbsCertList.signature is`,
    );
  return {
    der,
    tbsCertList,
    version,
    signatureAlgorithm,
    issuer,
    thisUpdate,
    ...(nextUpdate !== undefined && { nextUpdate }),
    entries,
    extensions,
    signatureValue,
  };
}

function readVersion(tbs: DerReader): 1 | 2 {
  if (tbs.peek() !== tags.integer) return 1;
  const start = tbs.offset;
  const value = tbs.smallInteger('version');
  if (value !== 1) refuseVersion(tbs, start, value === 0 ? 'v1 is the default and is left out' : `no version ${value}`);
  return 2;
}

function refuseVersion(tbs: DerReader, offset: number, state: string): never {
  throw new X509Error('ERR_X509_VERSION', offset, tbs.path('version'), state);
}

/** RFC 5280 §5.1.2, as it is written: always version 2. */
export interface TBSCertList {
  /** The algorithm that the signature is to be made with. */
  readonly signature: AlgorithmIdentifier;
  /** DER of the Name. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Seconds;
  readonly nextUpdate: Seconds;
  readonly revokedCertificates: Iterable<RevokedCertificate>;
  readonly extensions: readonly Extension[];
}

/** The bytes that a CRL issuer signs; without entries and extensions, those fields are left out. */
export function encodeTBSCertList(tbs: TBSCertList): Uint8Array<ArrayBuffer> {
  const entries = encodeEntries(tbs.revokedCertificates);
  return encode(
    sequence(
      integer(1),
      algorithmIdentifierNode(tbs.signature),
      raw(tbs.issuer),
      time(tbs.thisUpdate),
      time(tbs.nextUpdate),
      entries.length > 0 && primitive(tags.sequence, entries),
      tbs.extensions.length > 0 && explicit(0, extensionsNode(tbs.extensions)),
    ),
  );
}
