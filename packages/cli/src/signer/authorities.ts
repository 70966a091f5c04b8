import type { Issuer } from '@mayfly/ca';
import type { Seconds } from '@mayfly/der';
import type { Pkcs11SigningKey } from '@mayfly/keys/pkcs11';
import type { KubernetesClient } from '@mayfly/pod-certificates/kubernetes';
import type { Clock } from '@mayfly/rotation';
import type { Certificate } from '@mayfly/x509';
import type { Generation } from '../status/authority-status.js';
import type { Keys } from '../up/keys.js';
import { type AuthoritySource, type ClusterAuthority, readAuthority } from './authority-material.js';

/**
 * Publishes these anchors and no others; resolves when they are out there. Rejects with a `CanaryBundleError` where the canary bundle
 * alone is not.
 * @param generation - Write of the state that they are of, where writes are counted: noted at what is published.
 * @param upcoming - What pods that look at the canary bundle are to trust beside them.
 * @param isEmergency - Whether what is out there may have to be distrusted: all pods come before canaries, and no canary bundle of
 * before stays as it was.
 */
export type Publish = (
  anchors: readonly Certificate[],
  generation?: number,
  upcoming?: Certificate | undefined,
  isEmergency?: boolean,
) => Promise<void>;

/** What is to come of the authorities. */
export interface ComingStep {
  readonly type: 'announce' | 'prepare' | 'activate' | 'retire';
  readonly at: Seconds;
}

/** The authorities of one signer name in a cluster. Every replica looks at them; one acts. */
export interface ClusterAuthorities {
  /** What signs now. @throws Error while nothing may: the request is to wait. */
  issuer(): Issuer;
  /** Longest lifetime of a certificate; never longer than what the plan of succession reckons with. */
  maxLifetime(): Seconds;
  /** notAfter of what signs; `undefined` while nothing does. */
  notAfter(): Seconds | undefined;
  /** What pods are to trust now. */
  anchors(): readonly Certificate[];
  /** What signs, what is to sign next, and what retires, as far as this one knows. */
  generations(): readonly Generation[];
  nextStep(): ComingStep | undefined;
  /**
   * Reads them again.
   * @returns Whether something changed. Rejects for trouble; what was read before stays as long as it may.
   */
  look(): Promise<boolean>;
  /** Publishes and takes the steps that are due, for the one that acts. @param holds - Whether this is still the one. */
  act(publish: Publish, holds: () => boolean): Promise<void>;
  /** Why what signs cannot, as far as it showed; `undefined` while it can. */
  trouble?(): string | undefined;
  /** Ends what they hold open, when nothing is signed any more. */
  close?(): void;
}

/**
 * An authority that somebody else looks after, in files or a Secret: read again when `look` is called, used from then on when it
 * can sign. What it replaces stays in use while it cannot. A token that failed is asked to sign at each look until it does.
 * @param openToken - Opens the key that a URI names.
 */
export async function givenAuthority(
  source: AuthoritySource,
  client: Pick<KubernetesClient, 'request'>,
  keys: Keys,
  clock: Clock,
  maxLifetime: Seconds,
  openToken: (uri: string) => Promise<Pkcs11SigningKey>,
): Promise<ClusterAuthorities> {
  let current: ClusterAuthority = await readAuthority(source, client, keys, clock.now(), openToken);
  return {
    issuer: () => current.issuer,
    maxLifetime: () => maxLifetime,
    notAfter: () => current.issuer.certificate.validity.notAfter,
    anchors: () => current.anchors,
    generations: () => [{ certificate: current.issuer.certificate, state: 'active' }],
    nextStep: () => undefined,
    async look() {
      const { token } = current;
      if (token?.trouble() !== undefined) await token.probe().catch(() => {}); // which notes it as its trouble
      const next = await readAuthority(source, client, keys, clock.now(), openToken, current);
      const isChanged = next !== current;
      current = next;
      return isChanged;
    },
    act: async (publish) => await publish(current.anchors),
    trouble: () => current.token?.trouble()?.message,
    close: () => current.token?.close(),
  };
}
