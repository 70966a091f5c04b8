import {
  type DerNode,
  type DerReader,
  ia5String,
  integer,
  type Oid,
  oid,
  raw,
  readAny,
  sequence,
  tags,
} from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type DisplayText, displayTextNode, isDisplayText, readDisplayText } from './display-text.js';
import { extensionOf, readExtension, readList, refuseValue, requireElements } from './find-extension.js';

/** `id-ce-certificatePolicies`. */
export const idCeCertificatePolicies: Oid = '2.5.29.32';
/** Stands for every policy (RFC 5280 §4.2.1.4). */
export const anyPolicy: Oid = '2.5.29.32.0';

const idQtCps = '1.3.6.1.5.5.7.2.1';
const idQtUnotice = '1.3.6.1.5.5.7.2.2';

/** RFC 5280 §4.2.1.4. */
export interface NoticeReference {
  readonly organization: DisplayText;
  readonly noticeNumbers: readonly bigint[];
}

/** RFC 5280 §4.2.1.4: where the practice statement is, a notice for people, or something else as DER. */
export type PolicyQualifier =
  | { readonly type: 'cPSuri'; readonly value: string }
  | { readonly type: 'userNotice'; readonly noticeRef?: NoticeReference; readonly explicitText?: DisplayText }
  | { readonly type: 'other'; readonly policyQualifierId: Oid; readonly qualifier: Uint8Array };

/** RFC 5280 §4.2.1.4. */
export interface PolicyInformation {
  readonly policyIdentifier: Oid;
  readonly policyQualifiers?: readonly PolicyQualifier[];
}

/**
 * Reads under which policies a certificate was issued.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an empty list and a policy that stands there twice.
 */
export const certificatePolicies = (of: HasExtensions): readonly PolicyInformation[] | undefined =>
  readExtension(of, idCeCertificatePolicies, 'certificatePolicies', (reader) => {
    const seen = new Set<Oid>();
    return readList(reader.sequence(''), (list) => {
      const start = list.offset;
      const information = readPolicyInformation(list);
      if (seen.has(information.policyIdentifier))
        refuseValue(list, start, `policy ${information.policyIdentifier} stands there twice`);
      seen.add(information.policyIdentifier);
      return information;
    });
  });

function readPolicyInformation(list: DerReader): PolicyInformation {
  const information = list.sequence('');
  const policyIdentifier = information.oid('policyIdentifier');
  if (information.done) return { policyIdentifier };
  const policyQualifiers = readList(information.sequence('policyQualifiers'), readQualifier);
  information.end();
  return { policyIdentifier, policyQualifiers };
}

function readQualifier(list: DerReader): PolicyQualifier {
  const info = list.sequence('');
  const policyQualifierId = info.oid('policyQualifierId');
  const qualifier: PolicyQualifier =
    policyQualifierId === idQtCps
      ? { type: 'cPSuri', value: info.stringOf(tags.ia5String, 'cPSuri') }
      : policyQualifierId === idQtUnotice
        ? readUserNotice(info)
        : { type: 'other', policyQualifierId, qualifier: readAny(info, 'qualifier') };
  info.end();
  return qualifier;
}

function readUserNotice(info: DerReader): PolicyQualifier {
  const notice = info.sequence('userNotice');
  const noticeRef = notice.peek() === tags.sequence ? readNoticeReference(notice) : undefined;
  const explicitText = isDisplayText(notice) ? readDisplayText(notice, 'explicitText') : undefined;
  notice.end();
  return { type: 'userNotice', ...(noticeRef && { noticeRef }), ...(explicitText && { explicitText }) };
}

function readNoticeReference(notice: DerReader): NoticeReference {
  const reference = notice.sequence('noticeRef');
  const organization = readDisplayText(reference, 'organization');
  const numbers = reference.sequence('noticeNumbers');
  const noticeNumbers: bigint[] = [];
  while (!numbers.done) noticeNumbers.push(numbers.integer(''));
  reference.end();
  return { organization, noticeNumbers };
}

/**
 * Writes the policies.
 * @throws RangeError for an empty list and a policy that stands there twice.
 */
export function certificatePoliciesExtension(
  policies: readonly PolicyInformation[],
  critical: boolean = false,
): Extension {
  requireElements('certificatePolicies', policies);
  if (new Set(policies.map(({ policyIdentifier }) => policyIdentifier)).size < policies.length)
    throw new RangeError('Cannot encode certificatePolicies: a policy stands there twice');
  return extensionOf(idCeCertificatePolicies, critical, sequence(...policies.map(policyInformationNode)));
}

const policyInformationNode = ({ policyIdentifier, policyQualifiers = [] }: PolicyInformation): DerNode =>
  sequence(
    oid(policyIdentifier),
    policyQualifiers.length > 0 && sequence(...policyQualifiers.map(policyQualifierNode)),
  );

function policyQualifierNode(qualifier: PolicyQualifier): DerNode {
  switch (qualifier.type) {
    case 'cPSuri':
      return sequence(oid(idQtCps), ia5String(qualifier.value));
    case 'userNotice': {
      const { noticeRef, explicitText } = qualifier;
      return sequence(
        oid(idQtUnotice),
        sequence(
          noticeRef &&
            sequence(
              displayTextNode(noticeRef.organization),
              sequence(...noticeRef.noticeNumbers.map((number) => integer(number))),
            ),
          explicitText && displayTextNode(explicitText),
        ),
      );
    }
    case 'other':
      return sequence(oid(qualifier.policyQualifierId), raw(qualifier.qualifier));
  }
}
