import type { AuthorityStatus } from '@mayfly/console';
import type { Seconds } from '@mayfly/der';
import type { Certificate } from '@mayfly/x509';

/** A generation of an authority; without a time where nobody noted when it entered its state. */
export interface Generation {
  readonly certificate: Pick<Certificate, 'serialNumber' | 'validity'>;
  readonly state: AuthorityStatus['state'];
  readonly since?: Seconds;
}

/** A generation, for the status page. */
export const authorityStatus = (
  signerName: string,
  { certificate: { serialNumber, validity }, state, since }: Generation,
): AuthorityStatus => ({
  signerName,
  serialNumber: serialNumber.toString(16),
  state,
  ...(since !== undefined && { since }),
  ...validity,
});
