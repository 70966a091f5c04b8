import type { Seconds } from '@mayfly/der';
import { defineProfile, type Profile, type ProfileConfig } from './profile.js';

/** RFC 5280 §4.2.1.12. */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

const DAY: Seconds = 86_400;

/** Members of a ready-made profile that a caller may set otherwise. */
export type ProfileOptions = Partial<
  Pick<ProfileConfig, 'name' | 'maxLifetime' | 'backdate' | 'lifetimeCounts' | 'subject' | 'subjectKeyIdentifier'>
>;

const podProfile = (
  name: string,
  extKeyUsage: readonly string[],
  options: ProfileOptions,
  svid: boolean = false,
): Profile =>
  defineProfile({
    name,
    maxLifetime: DAY,
    lifetimeCounts: 'difference',
    keyUsage: ['digitalSignature'],
    extKeyUsage,
    subject: 'from-request',
    svid,
    ...options,
  });

/** A pod that calls others: clientAuth, at most a day, lifetimes counted as a kube-apiserver does. */
export const podClient = (options: ProfileOptions = {}): Profile => podProfile('pod-client', [CLIENT_AUTH], options);

/** A pod that is called: serverAuth, otherwise as {@link podClient}. */
export const podServer = (options: ProfileOptions = {}): Profile => podProfile('pod-server', [SERVER_AUTH], options);

/** A pod that does both, the usual case in a mesh. */
export const podPeer = (options: ProfileOptions = {}): Profile =>
  podProfile('pod-peer', [SERVER_AUTH, CLIENT_AUTH], options);

/** An X.509-SVID (SPIFFE X509-SVID §4): empty subject, one URI in subjectAltName, both usages, at most a day. */
export const spiffeWorkload = (options: ProfileOptions = {}): Profile =>
  podProfile('spiffe-workload', [SERVER_AUTH, CLIENT_AUTH], { subject: 'empty', ...options }, true);

/** A CA below this one that signs end entities, or `pathLenConstraint` levels of further CAs; a year at most. */
export const subCa = ({
  pathLenConstraint = 0,
  ...options
}: ProfileOptions & { readonly pathLenConstraint?: number } = {}): Profile =>
  defineProfile({
    name: 'sub-ca',
    maxLifetime: 365 * DAY,
    keyUsage: ['keyCertSign', 'cRLSign', 'digitalSignature'],
    extKeyUsage: [],
    cA: true,
    pathLenConstraint,
    subject: 'from-request',
    ...options,
  });
