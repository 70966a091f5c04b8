import { createHash } from 'node:crypto';

/** Longest name of an object. */
const MAX_NAME = 253;
/** And value of a label. */
const MAX_LABEL = 63;

/** The group of signers that share requests, each with a Lease of its own. */
export interface LeaseName {
  /** `undefined` where it is not known. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** The Lease of a signer, as in `mayfly.example.com.workload`; where two signers would share it, a digest tells them apart. */
export function leaseNameOf(signerName: string): string {
  const [domain, path = ''] = signerName.split('/');
  const name = `mayfly.${domain}.${path}`;
  if (name.length <= MAX_NAME && !path.includes('.')) return name;
  const digest = digestOf(signerName);
  return `${name.slice(0, MAX_NAME - 1 - digest.length).replace(/[-.]+$/, '')}.${digest}`;
}

/** The group of the signers that name one Lease, which is the value of a label. */
export const leaseGroupOf = (leaseName: string): string =>
  leaseName.length <= MAX_LABEL ? leaseName : `${leaseName.slice(0, 46)}-${digestOf(leaseName)}`;

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
