import type { Seconds } from '@mayfly/der';
import type { KubernetesClient } from '@mayfly/pod-certificates/kubernetes';
import { readAuthoritySecret, type SecretName, secretText } from '../signer/authority-secret.js';
import { formatTime } from '../terminal-text.js';
import type { Found } from './finding.js';

/** Looks at the succession that a signer keeps in a Secret. */
export async function findAuthorities(
  client: Pick<KubernetesClient, 'request'>,
  secret: SecretName,
  now: Seconds,
): Promise<Found> {
  const { authorities, canary, rotation } = await readAuthoritySecret(client, secret);
  const states = [...authorities, ...(canary ? [{ ...canary, state: 'canary' }] : [])].map(
    ({ certificate, state }) =>
      `${certificate.serialNumber.toString(16)} ${state}, valid until ${formatTime(certificate.validity.notAfter)}`,
  );
  const described = [secretText(secret), ...states].join('; ');
  const bad = (why: string): Found => ({ ok: false, message: `${described}: ${why}` });
  const active = authorities.find(({ state }) => state === 'active');
  if (authorities.length === 0) return bad('no authority yet; the first signer that runs with --ca-managed makes one');
  if (rotation !== undefined)
    return bad(
      `a rotation (${rotation}) was asked for and is not begun; the signer that acts begins it: is one running?`,
    );
  if (active === undefined)
    return bad('none is active, so nothing is signed; the signer that acts activates one: is one running?');
  if (active.certificate.validity.notAfter <= now)
    return bad('the active one has expired, so nothing is signed; start a signer, which prepares another');
  return { ok: true, message: described };
}
