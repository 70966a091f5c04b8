import { toHex } from '@mayfly/der';
import { verifyWithWebCrypto } from '@mayfly/keys/webcrypto';
import { parseCertificationRequest, verifyCertificationRequest } from '@mayfly/pkcs10';
import { describePfx } from '@mayfly/pkcs12';
import { inspectCertificate } from '@mayfly/x509';
import { type Field, followPath } from './field.js';
import type { Kind } from './kinds.js';

/** One line of what a structure says, in the order in which people ask. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  /** Shown in the letters of machines. */
  readonly isCode?: boolean;
  /** What the structure is called in a list. */
  readonly isTitle?: boolean;
  /** Whether it is good or bad news. */
  readonly judgement?: 'good' | 'bad';
}

const DAY = 86_400;

/** What a structure says. Those that are broken say what could be read of them. */
export async function factsOf(
  type: Kind['type'],
  bytes: Uint8Array,
  root: Field,
  isBroken: boolean,
): Promise<readonly Fact[]> {
  const at = (path: string): string => {
    const { field, isWhole } = followPath(root, path);
    return isWhole && field.fault === undefined ? field.text : '';
  };
  const facts: Fact[] = [];
  const tell = (name: string, value: string, more: Omit<Fact, 'name' | 'value'> = {}): void => {
    if (value !== '') facts.push({ name, value, ...more });
  };
  if (type === 'certificate') {
    tell('Subject', at('tbsCertificate.subject'), { isTitle: true });
    tell('Names', withoutCritical(at('extensions.subjectAltName')));
    tell('Issuer', at('tbsCertificate.issuer'));
    tell('Valid', at('validity'));
    if (!isBroken) facts.push(...attempt(() => [validityFact(bytes)]));
    tell('Key', at('subjectPublicKeyInfo'));
    tell(
      'Usage',
      [at('extensions.keyUsage'), at('extensions.extKeyUsage')].map(withoutCritical).filter(Boolean).join(' · '),
    );
    tell('Serial number', at('serialNumber'), { isCode: true });
  } else if (type === 'certificationRequest') {
    tell('Subject', at('subject'), { isTitle: true });
    tell('Names', withoutCritical(at('extensionRequest.subjectAltName')));
    tell('Key', at('subjectPKInfo'));
    facts.push(...(await proofOfPossession(bytes)));
  } else if (type === 'certificateList') {
    tell('Issuer', at('issuer'), { isTitle: true });
    tell('This update', at('thisUpdate'));
    tell('Next update', at('nextUpdate'));
    const { field, isWhole } = followPath(root, 'revokedCertificates');
    tell('Revoked', isWhole ? `${field.children.length} certificates` : 'none');
  } else if (type === 'keyStore') facts.push(...attempt(() => keyStoreFacts(bytes)));
  else if (type === 'privateKey') tell('Algorithm', at('privateKeyAlgorithm') || at('parameters'));
  else if (type === 'encryptedPrivateKey') tell('Encryption', at('encryptionAlgorithm'));
  else if (type === 'publicKey') tell('Key', root.text);
  else if (type === 'ocspResponse') {
    tell('Status', at('responseStatus'));
    tell('Certificate', at('certStatus'));
    tell('This update', at('thisUpdate'));
  }
  tell(
    'SHA-256',
    toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.from(bytes)))).replace(/..(?=.)/g, '$&:'),
    { isCode: true },
  );
  return type === 'privateKey' ? facts.filter(({ name }) => name !== 'SHA-256') : facts;
}

const withoutCritical = (text: string): string => text.replace(/^critical · /, '');

function attempt<T>(body: () => readonly T[]): readonly T[] {
  try {
    return body();
  } catch {
    return []; // the fault stands among the problems
  }
}

function validityFact(bytes: Uint8Array): Fact {
  const { notBefore, notAfter } = inspectCertificate(bytes).validity;
  const now = Math.floor(Date.now() / 1000);
  if (now < notBefore)
    return { name: 'Today', value: `not valid yet: begins in ${daysOf(notBefore - now)}`, judgement: 'bad' };
  if (now > notAfter) return { name: 'Today', value: `expired ${daysOf(now - notAfter)} ago`, judgement: 'bad' };
  return { name: 'Today', value: `within its validity, for another ${daysOf(notAfter - now)}`, judgement: 'good' };
}

const daysOf = (seconds: number): string => {
  if (seconds < 2 * DAY)
    return seconds < 7200 ? `${Math.max(1, Math.round(seconds / 60))} minutes` : `${Math.round(seconds / 3600)} hours`;
  return `${Math.round(seconds / DAY)} days`;
};

async function proofOfPossession(bytes: Uint8Array): Promise<readonly Fact[]> {
  const name = 'Signature';
  try {
    const isOwn = await verifyCertificationRequest(parseCertificationRequest(bytes), verifyWithWebCrypto);
    return [
      isOwn
        ? { name, value: 'fits the key in the request', judgement: 'good' }
        : { name, value: 'does not fit the key in the request', judgement: 'bad' },
    ];
  } catch (error) {
    return [{ name, value: `not checked: ${error instanceof Error ? error.message : String(error)}` }];
  }
}

function keyStoreFacts(bytes: Uint8Array): readonly Fact[] {
  const { contents, mac } = describePfx(bytes);
  const encryptions = contents.flatMap(({ encryption, safeBags = [] }) => [
    encryption,
    ...safeBags.map((bag) => bag.encryption),
  ]);
  const used = encryptions.flatMap((encryption) =>
    encryption === undefined
      ? []
      : [encryption.cipher === undefined ? encryption.algorithm : `${encryption.algorithm} with ${encryption.cipher}`],
  );
  return [
    { name: 'Encryption', value: [...new Set(used)].join(', ') || 'none' },
    { name: 'Integrity', value: mac === undefined ? 'none' : [mac.scheme, mac.hash].filter(Boolean).join(' with ') },
  ];
}
