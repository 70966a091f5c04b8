import { concatBytes, fromHex } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { createCertificationRequestSync } from '@mayfly/pkcs10';
import { parseCertificates } from '@mayfly/x509';
import { subjectAltName } from '@mayfly/x509/extensions';
import { buildName, encodeName } from '@mayfly/x509/name';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PodCertificateApi } from './api.js';
import { runSigner, type SignerOptions } from './signer.js';
import { deniedStatus } from './status.js';
import { testIntermediate, testProfile, testRoot } from './testing/authority.js';
import { NOW, testSigner, testStub } from './testing/cluster.js';
import { type SignerBench, signerBench, turn } from './testing/signer-bench.js';
import type { PodCertificateRequest } from './types.js';

const root = testRoot(NOW);
const DENIAL = { reason: 'NotAllowed', message: 'no' };
let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench(root);
});
const answerTo = async (spec = {}, options: Partial<SignerOptions> = {}) =>
  bench.reread(await bench.whileSigning(options, () => bench.create(spec)));
const denialOf = ({ status }: PodCertificateRequest) => status.conditions[0];

/** The identity as an Ed25519 key: the identity and zero are a signature under it of whatever one likes. */
function pairUnderTheIdentity() {
  const identity = Uint8Array.of(1, ...new Uint8Array(31));
  return {
    stubPKCS10Request: new Uint8Array(),
    pkixPublicKey: concatBytes(fromHex('302a300506032b6570032100'), identity),
    proofOfPossession: concatBytes(identity, new Uint8Array(32)),
  };
}

describe('decides', () => {
  test('to issue, for the key in the stub', async () => {
    const request = await answerTo();
    expect(request.terminal).toBe('Issued');
    const [leaf, ...rest] = parseCertificates(request.status.certificateChain);
    expect(rest).toEqual([]);
    expect(subjectAltName(leaf!)).toEqual([{ type: 'dNSName', value: 'web-0.shop.svc' }]);
    expect(leaf!.validity).toEqual({ notBefore: NOW - 60, notAfter: NOW + 3540 });
    expect(request.status.beginRefreshAt).toBeGreaterThanOrEqual(NOW - 60 + 600);
    expect(request.status.beginRefreshAt).toBeLessThanOrEqual(NOW - 60 + 1800);
    expect(bench.events).toMatchObject([{ type: 'issued', serialNumber: leaf!.serialNumber, notAfter: NOW + 3540 }]);
  });
  test('to issue, for the key in the pair of an old kubelet', async () => {
    const key = generateKeySync('Ed25519');
    const podUID = 'pod-uid';
    const request = await answerTo({
      podUID,
      stubPKCS10Request: new Uint8Array(),
      pkixPublicKey: key.subjectPublicKeyInfo,
      proofOfPossession: key.sign(new TextEncoder().encode(podUID)),
    });
    expect(request.terminal).toBe('Issued');
    const [leaf] = parseCertificates(request.status.certificateChain);
    expect(leaf!.subjectPublicKeyInfo).toEqual(new Uint8Array(key.subjectPublicKeyInfo));
  });
  test.each<[string, object, Partial<SignerOptions>, { reason: string; message: RegExp }]>([
    [
      'a stub with a subject',
      {
        stubPKCS10Request: createCertificationRequestSync(
          { subject: encodeName(buildName({ commonName: 'root' })) },
          generateKeySync('P-256'),
        ),
      },
      {},
      { reason: 'StubNotEmpty', message: /never copied/ },
    ],
    [
      'a stub with an attribute',
      {
        stubPKCS10Request: createCertificationRequestSync(
          { attributes: [{ type: '1.2.840.113549.1.9.7', values: [Uint8Array.of(0x0c, 0)] }] },
          generateKeySync('P-256'),
        ),
      },
      {},
      { reason: 'StubNotEmpty', message: /empty/ },
    ],
    [
      'a key type that is not signed here',
      { stubPKCS10Request: testStub('P-384') },
      { keyTypes: ['ECDSAP256', 'ED25519'] },
      { reason: 'UnsupportedKeyType', message: /^Key type ECDSAP384 is not signed here, use ECDSAP256, ED25519$/ },
    ],
    [
      'a key under which anybody can sign',
      pairUnderTheIdentity(),
      {},
      { reason: 'UnsupportedKeyType', message: /^Key type a point of Ed25519 under which anybody can sign is not/ },
    ],
    [
      'an unknown annotation',
      { unverifiedUserAnnotations: { 'pki.example.com/servce': 'web', 'pki.example.com/service': 'web' } },
      { annotations: ['pki.example.com/service'] },
      {
        reason: 'InvalidUnverifiedUserAnnotations',
        message: /^Unknown annotation pki.example.com\/servce, known: pki.example.com\/service$/,
      },
    ],
    [
      'any annotation when none is known',
      { unverifiedUserAnnotations: { 'a.io/b': '' } },
      {},
      { reason: 'InvalidUnverifiedUserAnnotations', message: /known: none$/ },
    ],
    [
      'what toRequest denies',
      {},
      { toRequest: () => ({ reason: 'NoService', message: 'none' }) },
      { reason: 'NoService', message: /none/ },
    ],
    [
      'what a rule denies',
      {},
      { rules: [({ verified }) => ({ reason: 'Never', message: `${verified['namespace']}/${verified['podName']}` })] },
      { reason: 'Never', message: /^shop\/web-0$/ },
    ],
  ])('to deny %s', async (_name, spec, options, { reason, message }) => {
    const request = await answerTo(spec, options);
    expect(request.terminal).toBe('Denied');
    expect(denialOf(request)).toMatchObject({
      reason,
      message: expect.stringMatching(message),
      lastTransitionTime: NOW,
    });
    expect(request.status.certificateChain).toBe('');
    expect(bench.events).toMatchObject([{ type: 'denied', denial: { reason } }]);
  });
  test.each([
    ['a stub that is none fails for good', Uint8Array.of(0x30, 0), 'Failed', 'MalformedRequest'],
    ['no key at all stays pending, for a signer that can see it', new Uint8Array(), undefined, undefined],
  ])('%s', async (_name, stubPKCS10Request, terminal, reason) => {
    const request = await bench.create();
    const blind = { ...request, spec: { ...request.spec, stubPKCS10Request } };
    async function* watchRequests() {
      yield { type: 'added', object: blind } as const;
      await new Promise(() => {});
    }
    const controller = new AbortController();
    const foreign: PodCertificateApi = { ...bench.api, watchRequests };
    void runSigner(testSigner({ clock: bench.clock, api: foreign }, root, controller.signal));
    await turn();
    controller.abort();
    expect((await bench.reread(request)).terminal).toBe(terminal);
    if (reason !== undefined) expect(denialOf(await bench.reread(request))).toMatchObject({ reason });
  });
  test('even if whoever is told of it throws', async () => {
    const request = await bench.create();
    const controller = new AbortController();
    const onEvent = (): never => {
      throw new Error('the log is full');
    };
    void runSigner({ ...testSigner(bench, root, controller.signal), onEvent });
    await turn();
    controller.abort();
    expect((await bench.reread(request)).terminal).toBe('Issued');
  });
  test('nothing about other signers and requests that have ended', async () => {
    const other = await bench.create({ signerName: 'other.example/x' });
    const ended = await bench.create();
    await bench.api.updateStatus(ended, deniedStatus({ reason: 'No', message: '' }, NOW));
    const listsAll: PodCertificateApi = {
      ...bench.api,
      watchRequests: (_selector, options) => bench.api.watchRequests({}, options),
    };
    await bench.whileSigning({ api: listsAll }, turn);
    expect((await bench.reread(other)).terminal).toBeUndefined();
    expect((await bench.reread(ended)).terminal).toBe('Denied');
    expect(bench.events).toEqual([]);
  });
  test('with whichever authority is active', async () => {
    const next = testRoot(NOW, 'Next Root');
    let active = root;
    const [before, after] = await bench.whileSigning({ compiled: () => testProfile(active) }, async () => {
      const first = await bench.create();
      await turn();
      active = next;
      return [first, await bench.create()];
    });
    const issuer = async (request: PodCertificateRequest) =>
      parseCertificates((await bench.reread(request)).status.certificateChain)[0]!.issuer;
    expect(await issuer(before!)).toEqual(root.certificate.subject);
    expect(await issuer(after!)).toEqual(next.certificate.subject);
  });
});

describe('tells of a certificate that nobody got', () => {
  test.each<[string, PodCertificateApi['updateStatus']]>([
    [
      'because another signer was first',
      async (version) => {
        const { metadata } = version;
        const current = await bench.api.getRequest(metadata.namespace, metadata.name);
        if (current.terminal === undefined) await bench.api.updateStatus(current, deniedStatus(DENIAL, NOW));
        return { ok: false, reason: 'Conflict', message: 'modified' };
      },
    ],
    [
      'because the request is gone',
      async ({ metadata: { namespace, name } }) => {
        await bench.api.deleteRequest(namespace, name);
        return { ok: false, reason: 'NotFound', message: 'gone' };
      },
    ],
  ])('%s', async (_name, updateStatus) => {
    await bench.whileSigning({ api: { ...bench.api, updateStatus } }, () => bench.create());
    expect(bench.events).toMatchObject([{ type: 'discarded', notAfter: NOW + 3540 }]);
  });
});

test('the chain behind the leaf is what the issuer sends', async () => {
  const intermediate = testIntermediate(NOW, root);
  const request = await answerTo({}, { compiled: () => testProfile(intermediate, {}, [intermediate.certificate]) });
  expect(request.status.certificateChain.endsWith(encodePem('CERTIFICATE', intermediate.certificate.der))).toBe(true);
});
