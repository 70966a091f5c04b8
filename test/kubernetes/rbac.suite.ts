import { createClient, openConnection } from '@mayfly/pod-certificates/kubernetes';
import { expect, inject, type TestContext, test } from 'vitest';
import { examine } from '../../packages/cli/src/doctor/examine.js';
import { leaseNameOf } from '../../packages/cli/src/signer/lease-name.js';
import { randomNumbers } from '../differential/random.js';
import type { Json } from './client.js';
import { adminOf } from './connect.js';
import { type FaultPlan, startFaultyProxy } from './faults/proxy.js';
import { type Installation, installSigner, replace } from './installation.js';
import { CERTIFICATES, createPod, newKey, requestFor, stubOf } from './objects.js';
import { kubeconfigFile, type SignerProcess, startSignerProcess } from './signer-process.js';
import { eventually } from './wait.js';

const cluster = inject('cluster');
const admin = adminOf(cluster);

/** How a right that is missing shows. */
interface Diagnosis {
  /** Of a line of the log. */
  readonly reason: string;
  readonly message: string;
  /** An event at the pod says that its certificate is delayed. */
  readonly event?: boolean;
  /** The doctor cannot know where the authority and the Lease are. */
  readonly doctor?: false;
  /** It ends the signer. */
  readonly ends?: true;
  /** It shows when the signer ends. */
  readonly atEnd?: true;
  /** What has to go wrong before the right is used. */
  readonly plan?: FaultPlan;
}

const firstWriteConflicts = (): FaultPlan => {
  let writes = 0;
  return ({ method, path }) =>
    method === 'PUT' && path.endsWith('/status') && writes++ === 0
      ? { type: 'answer', status: 409, reason: 'Conflict' }
      : undefined;
};

const of = (verb: string, resource: string): string => `cannot ${verb} resource "${resource}"`;
const bundle = { reason: 'TrustBundleNotPublished' };
const services = { reason: 'ServicesNotFollowed' };
const lease = { reason: 'LeaseTrouble', doctor: false } as const;

/** Every right that the deployment files give, by its verb and resource. */
const diagnoses: Readonly<Record<string, Diagnosis>> = {
  'get podcertificaterequests': {
    reason: 'Retry',
    message: of('get', 'podcertificaterequests'),
    plan: firstWriteConflicts(),
  },
  'list podcertificaterequests': { reason: 'Disconnected', message: of('list', 'podcertificaterequests') },
  'watch podcertificaterequests': { reason: 'Disconnected', message: of('watch', 'podcertificaterequests') },
  'update podcertificaterequests/status': {
    reason: 'Retry',
    message: of('update', 'podcertificaterequests/status'),
    event: true,
  },
  'sign signers': { reason: 'Retry', message: 'spec.signerName: Forbidden: User', event: true },
  'attest signers': { ...bundle, message: 'not permitted' },
  'patch clustertrustbundles': { ...bundle, message: of('patch', 'clustertrustbundles') },
  'create clustertrustbundles': { ...bundle, message: of('create', 'clustertrustbundles') },
  'get pods': { reason: 'Retry', message: of('get', 'pods'), event: true },
  'list services': { ...services, message: of('list', 'services') },
  'watch services': { ...services, message: of('watch', 'services') },
  'create events': { reason: 'EventNotWritten', message: of('create', 'events') },
  'get secrets': { reason: 'Ended', message: of('get', 'secrets'), ends: true, doctor: false },
  'get leases': { ...lease, message: of('get', 'leases') },
  'create leases': { ...lease, message: of('create', 'leases') },
  'list leases': { ...lease, message: of('list', 'leases') },
  'update leases': { ...lease, message: of('update', 'leases') },
  'delete leases': { ...lease, message: of('delete', 'leases'), atEnd: true },
};

/** The rights of a role, one by one. */
const rightsOf = ({ rules }: Json): readonly string[] =>
  rules.flatMap(({ resources, verbs }: Json) =>
    resources.flatMap((resource: string) => verbs.map((verb: string) => `${verb} ${resource}`)),
  );

/** The role without a right. */
const without = (role: Json, right: string): Json => ({
  ...role,
  rules: role.rules
    .map(({ verbs, ...rule }: Json) => ({
      ...rule,
      verbs: verbs.filter(
        (verb: string) => !rule.resources.some((resource: string) => `${verb} ${resource}` === right),
      ),
    }))
    .filter(({ verbs }: Json) => verbs.length > 0),
});

let count = 0;

/** Starts a signer whose role lacks a right, and makes a request that it is to issue and one that it is to deny. */
async function start(
  onTestFinished: TestContext['onTestFinished'],
  right: string | undefined,
  plan: FaultPlan = () => undefined,
) {
  const name = `rbac-${count++}`;
  const installation = await installSigner(admin, { signerName: `example.com/${name}`, namespace: name });
  if (right !== undefined) for (const role of installation.roles) await replace(admin, without(role, right));
  const proxy = await startFaultyProxy(cluster, randomNumbers(count));
  proxy.plan = plan;
  onTestFinished(() => proxy.close());
  const options = { server: proxy.url, authority: proxy.authority, directory: cluster.directory };
  const signer = await startSignerProcess(installation, options);
  onTestFinished(() => signer.stop());
  const pod = await createPod(admin, { namespace: name, name: 'web-0', node: 'node1' });
  const requests = `${CERTIFICATES}/namespaces/${name}/podcertificaterequests`;
  const create = async (spec: Json): Promise<string> => {
    const body = requestFor(pod, { signerName: `example.com/${name}`, stubPKCS10Request: stubOf(newKey()), ...spec });
    const { metadata } = await admin.expect('POST', requests, body);
    return `${requests}/${metadata.name}`;
  };
  const issued = await create({});
  const denied = await create({ unverifiedUserAnnotations: { 'acme.io/x': 'y' } });
  return { installation, signer, options, issued, denied };
}

const line = (signer: SignerProcess, reason: string, message: string): Promise<Json> =>
  eventually(
    `the log has ${reason}: ${message}; it has ${JSON.stringify(signer.log)}`,
    () => signer.log.find((each) => each.reason === reason && each.message.includes(message)),
    20_000,
  );

/** What the doctor does not find well, to the same identity. */
async function complaints(
  installation: Installation,
  options: Parameters<typeof kubeconfigFile>[1],
): Promise<readonly string[]> {
  const kubeconfig = kubeconfigFile(installation, options);
  const client = createClient(await openConnection({ kubeconfig }), { userAgent: 'test' });
  try {
    const { namespace, signerName } = installation;
    const lease = { namespace, name: leaseNameOf(signerName) };
    const findings = await examine(client, signerName, Math.floor(Date.now() / 1000), { lease });
    // Other suites leave requests behind, which their own signers no longer answer.
    const isOthers = (message: string): boolean =>
      message.includes('is another signer') && !message.includes(signerName);
    return findings.filter(({ ok, message }) => !ok && !isOthers(message)).map(({ message }) => message);
  } finally {
    await client.close();
  }
}

test('with all of its rights a signer works', async ({ onTestFinished }) => {
  const { installation, signer, options, issued, denied } = await start(onTestFinished, undefined);
  for (const [path, type] of [
    [issued, 'Issued'],
    [denied, 'Denied'],
  ] as const)
    await eventually(`a request is ${type}`, async () => {
      const { status } = await admin.expect('GET', path);
      return status.conditions?.[0].type === type || undefined;
    });
  await signer.ready();
  expect(await complaints(installation, options)).toEqual([]);
  expect(signer.log.filter(({ level, reason }) => level !== 'info' && reason !== 'Denied')).toEqual([]);
  expect(installation.roles.flatMap(rightsOf).toSorted()).toEqual(Object.keys(diagnoses).toSorted());
});

/** Most of their time is waiting for a share of the requests. */
test.concurrent.for(Object.entries(diagnoses))(
  'without %s it says so',
  async ([right, diagnosis], { expect, onTestFinished }) => {
    const { reason, message, event, doctor, ends, atEnd, plan } = diagnosis;
    const { installation, signer, options } = await start(onTestFinished, right, plan);
    if (atEnd) {
      await signer.ready();
      await signer.stop();
    }
    await line(signer, reason, message);
    if (event) {
      const path = `/apis/events.k8s.io/v1/namespaces/${installation.namespace}/events`;
      await eventually('an event at the pod', async () => {
        const { items } = await admin.expect('GET', path);
        return (
          items.some(({ regarding, reason: why }: Json) => regarding.kind === 'Pod' && why === 'CertificateDelayed') ||
          undefined
        );
      });
    }
    if (doctor !== false)
      expect(await complaints(installation, options)).toContainEqual(expect.stringContaining(`may not ${right}`));
    if (ends) await eventually('it has ended', () => signer.exitCode() !== undefined || undefined);
    else if (!atEnd) expect(signer.exitCode()).toBeUndefined();
  },
);
