import { createHash } from 'node:crypto';

/** Longest name of an object. */
const MAX_NAME = 253;

/** The Lease of a signer, as in `mayfly.example.com.workload`; where two signers would share it, a digest tells them apart. */
export function leaseNameOf(signerName: string): string {
  const [domain, path = ''] = signerName.split('/');
  const name = `mayfly.${domain}.${path}`;
  if (name.length <= MAX_NAME && !path.includes('.')) return name;
  const digest = createHash('sha256').update(signerName).digest('hex').slice(0, 16);
  return `${name.slice(0, MAX_NAME - 1 - digest.length).replace(/[-.]+$/, '')}.${digest}`;
}
