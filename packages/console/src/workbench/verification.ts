import type { Seconds } from '@mayfly/der';
import { verifyWithWebCrypto } from '@mayfly/keys/webcrypto';
import { type Certificate, inspectCertificate } from '@mayfly/x509';
import { keyPurposes } from '@mayfly/x509/extensions';
import { formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { type PathAttempt, type PathMode, type PathResult, parseReferenceName, validatePath } from '@mayfly/x509/path';
import { readInput } from '../inspect/read-input.js';

/** What a person wants to know. */
export interface VerificationForm {
  /** The certificate in question, then whatever may stand between it and a root. */
  readonly chain: string | Uint8Array;
  readonly roots: string | Uint8Array;
  readonly at: Seconds;
  readonly purpose: '' | 'serverAuth' | 'clientAuth' | 'codeSigning' | 'emailProtection';
  /** DNS name, address, mailbox, URI or SPIFFE ID that the certificate has to have; empty for any. */
  readonly name: string;
  readonly mode: PathMode;
}

/** A field of the form, and what is wrong with it. */
export class FormFault extends Error {
  override readonly name = 'FormFault';
  readonly field: keyof VerificationForm;
  constructor(field: keyof VerificationForm, message: string) {
    super(message);
    this.field = field;
  }
}

/**
 * Looks for a path from the first certificate to one of the roots, and explains it.
 * @throws {@link FormFault}.
 */
export async function verifyChain(form: VerificationForm): Promise<PathResult> {
  const [leaf, ...intermediates] = await certificatesIn(form.chain, 'chain');
  const anchors = await certificatesIn(form.roots, 'roots');
  const name = form.name.trim();
  const reference = name === '' ? undefined : parseReferenceName(name);
  if (name !== '' && reference === undefined)
    throw new FormFault('name', 'This is no DNS name, IP address, mailbox, URI or SPIFFE ID.');
  return validatePath(leaf!, {
    anchors,
    intermediates,
    at: form.at,
    mode: form.mode,
    explain: true,
    verify: verifyWithWebCrypto,
    ...(reference !== undefined && { names: [reference] }),
    ...(form.purpose !== '' && { extKeyUsage: keyPurposes[form.purpose] }),
  });
}

async function certificatesIn(input: string | Uint8Array, field: 'chain' | 'roots'): Promise<readonly Certificate[]> {
  const what = field === 'chain' ? 'the certificate to verify' : 'the roots that you trust';
  if (input.length === 0) throw new FormFault(field, `Paste or drop ${what}.`);
  let documents: Awaited<ReturnType<typeof readInput>>;
  try {
    documents = await readInput(input);
  } catch (error) {
    throw new FormFault(field, error instanceof Error ? error.message : String(error));
  }
  const certificates = documents.filter(({ kind }) => kind.type === 'certificate');
  if (certificates.length === 0)
    throw new FormFault(
      field,
      `There is no certificate in it, but: ${documents.map(({ kind }) => kind.title).join(', ')}.`,
    );
  return certificates.map(({ bytes, origin, problems }) => {
    const fault = problems.find(({ severity }) => severity === 'fault');
    if (fault !== undefined) throw new FormFault(field, `The certificate at ${origin} is broken: ${fault.message}.`);
    return inspectCertificate(bytes);
  });
}

/** A name for people; its octets where it is no Name. */
export function subjectText(subject: Uint8Array): string {
  try {
    return formatDistinguishedName(parseName(subject)) || '(no subject)';
  } catch {
    return '(a name that cannot be read)';
  }
}

/** Whether an attempt, or one below it, came to its end. */
export const succeeded = ({ fault, isAnchor, issuers }: PathAttempt): boolean =>
  fault === undefined && (isAnchor || issuers.some(succeeded));
