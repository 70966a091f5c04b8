import { CliError } from '../errors.js';
import { type SecretName, type StoredAuthorities, secretText } from './authority-secret.js';
import { type BundleWitness, GENERATION_LABEL } from './trust-bundle.js';

/** @throws {@link CliError} `ERR_CLI_STATE` for what cannot have come of what was read before: what is distrusted may be in it. */
export function refuseOlder(next: StoredAuthorities, known: StoredAuthorities, secret: SecretName): void {
  const isAnother = next.generation === known.generation && next.state !== known.state;
  if (next.generation >= known.generation && !isAnother) return;
  throw new CliError(
    'ERR_CLI_STATE',
    next.authorities.length === 0
      ? `Cannot use ${secretText(secret)}: its authorities are gone, and pods trust them; put them back; to begin with one that nobody trusts yet, remove the label ${GENERATION_LABEL} of the trust bundle and restart every signer`
      : `Cannot use ${secretText(secret)}: it is at write ${next.generation}, and was at ${isAnother ? 'another ' : ''}${known.generation}: somebody put authorities back that may be distrusted; put the newer ones back; to use these, remove the label ${GENERATION_LABEL} of the trust bundle and restart every signer`,
  );
}

/**
 * @throws {@link CliError} `ERR_CLI_STATE` for a Secret of before what was published. Pods may have been told since to trust one of
 * its authorities no more.
 */
export function refuseUnwitnessed(
  { generation, authorities }: StoredAuthorities,
  witness: BundleWitness | undefined,
  secret: SecretName,
): void {
  if (witness === undefined || generation >= witness.generation) return;
  throw new CliError(
    'ERR_CLI_STATE',
    `Cannot use ${secretText(secret)}: ${
      authorities.length === 0 ? 'it has no authorities' : `it is at write ${generation}`
    }, and ClusterTrustBundle ${witness.name} was published from write ${witness.generation}: somebody put back what may be distrusted, or emptied it; put the newer state back, or remove the label ${GENERATION_LABEL} of the bundle to use this one`,
  );
}
