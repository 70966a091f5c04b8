import type { PodCertificateApi, PodEvent } from '@mayfly/pod-certificates/api';
import type { SharingEvent } from '@mayfly/pod-certificates/kubernetes';
import type { SignerEvent } from '@mayfly/pod-certificates/signer';
import type { Clock } from '@mayfly/rotation';
import { because, type Log, type LogLine, rfc3339 } from './log.js';

/** Tells people in the cluster what became of a request: refusals at the request, delays once at the pod. */
export function eventTeller(
  api: Pick<PodCertificateApi, 'createEvent'>,
  { signerName, log }: { readonly signerName: string; readonly log: Log },
  clock: Pick<Clock, 'now'>,
): (event: SignerEvent) => void {
  const delayed = new Set<string>();
  const send = (event: Omit<PodEvent, 'reportingController' | 'eventTime' | 'type'>): void => {
    api
      .createEvent({ ...event, type: 'Warning', reportingController: signerName, eventTime: clock.now() })
      .catch((error: unknown) =>
        log({ level: 'warn', reason: 'EventNotWritten', message: because('An event is lost', error) }),
      );
  };
  return (event) => {
    if (event.type === 'denied' || event.type === 'failed') {
      const { namespace, name, uid } = event.request.metadata;
      const { podName } = event.request.spec;
      send({
        reason: event.type === 'denied' ? 'Denied' : 'Failed',
        note: `Request of pod ${podName}: ${event.denial.reason}: ${event.denial.message}`,
        regarding: { namespace, name, uid, kind: 'PodCertificateRequest', apiVersion: 'certificates.k8s.io/v1beta1' },
      });
    } else if (event.type === 'retry' && !delayed.has(event.request.metadata.uid)) {
      if (delayed.size > 10_000) delayed.clear();
      delayed.add(event.request.metadata.uid);
      const { podName, podUID } = event.request.spec;
      send({
        reason: 'CertificateDelayed',
        // Why is for the operator, in the log: it may name addresses and other people's objects.
        note: `${signerName} cannot answer ${event.request.metadata.name} yet and tries again; its log says why`,
        regarding: { namespace: event.request.metadata.namespace, name: podName, uid: podUID },
      });
    }
  };
}

/** Says in the log what happened. */
export function logEvent(event: SignerEvent, log: Log): void {
  if (event.type === 'disconnected') {
    log({
      level: 'error',
      reason: 'Disconnected',
      message: because('Requests cannot be watched', event.error),
      retryAt: rfc3339(event.at),
    });
    return;
  }
  const { metadata, spec } = event.request;
  const about = {
    request: `${metadata.namespace}/${metadata.name}`,
    pod: `${metadata.namespace}/${spec.podName}`,
    podUID: spec.podUID,
    node: spec.nodeName,
  };
  if (event.type === 'issued')
    log({
      level: 'info',
      reason: 'Issued',
      message: `Certificate for ${about.pod}`,
      ...about,
      serialNumber: event.serialNumber.toString(16),
      notAfter: rfc3339(event.notAfter),
      beginRefreshAt: rfc3339(event.beginRefreshAt),
    });
  else if (event.type === 'discarded')
    log({
      level: 'warn',
      reason: 'Discarded',
      message: `Certificate for ${about.pod} was signed and not used`,
      ...about,
      serialNumber: event.serialNumber.toString(16),
      notAfter: rfc3339(event.notAfter),
    });
  else if (event.type === 'retry')
    log({
      level: 'warn',
      reason: 'Retry',
      message: because(`${about.pod} waits`, event.error),
      ...about,
      retryAt: rfc3339(event.at),
    });
  else if (event.type === 'left')
    log({
      level: 'info',
      reason: 'Left',
      message: `The request of ${about.pod} is gone, answered by another, or another's to answer`,
      ...about,
    });
  else
    log({
      level: 'warn',
      reason: event.type === 'denied' ? 'Denied' : 'Failed',
      message: `${event.denial.reason}: ${event.denial.message}`,
      ...about,
    });
}

/** Says in the log who shares the requests. */
export const logSharing = (event: SharingEvent, log: Log): void => log(sharingLine(event));

function sharingLine(event: SharingEvent): LogLine {
  switch (event.type) {
    case 'joined':
      return { level: 'info', reason: 'Sharing', message: 'This signer takes its share of the requests' };
    case 'lost':
      return {
        level: 'warn',
        reason: 'LeaseLost',
        message: 'This signer could not renew its Lease or see those of others in time and signs nothing until it can',
      };
    case 'unready':
      return {
        level: 'warn',
        reason: 'ShareLeft',
        message: 'This signer cannot sign now and leaves its share to those that can; /readyz says why',
      };
    case 'ready':
      return { level: 'info', reason: 'ShareTaken', message: 'This signer can sign again and takes its share back' };
    case 'members':
      return {
        level: 'info',
        reason: 'Members',
        message: `${event.members.length} share the requests`,
        members: event.members,
      };
    case 'trouble':
      return { level: 'warn', reason: 'LeaseTrouble', message: because('Leases are not to be had', event.error) };
  }
}
