import { webcrypto } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import * as pkijs from 'pkijs';
import type { PkiJsQuestion } from './pkijs.js';

/** Answers questions of `pkijs.ts`, in a thread that can be ended. */
pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto }));

parentPort!.on('message', async (question: PkiJsQuestion) => {
  try {
    parentPort!.postMessage((await answer(question)) ? 'accept' : 'reject');
  } catch {
    parentPort!.postMessage('reject'); // whatever it throws, it does not accept
  }
});

const octetsOf = (octets: Uint8Array): ArrayBuffer => Uint8Array.from(octets).buffer;

async function answer(question: PkiJsQuestion): Promise<boolean> {
  if ('type' in question) return read(question.type, octetsOf(question.octets)) !== undefined;
  const certificates = (list: readonly Uint8Array[]) => list.map((der) => pkijs.Certificate.fromBER(octetsOf(der)));
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: certificates(question.anchors),
    certs: certificates([...question.intermediates, question.leaf]),
    crls: question.crls.map((der) => pkijs.CertificateRevocationList.fromBER(octetsOf(der))),
    checkDate: question.at,
  });
  const { policy } = question;
  const { result } = await engine.verify(
    policy && {
      initialPolicySet: [...policy.initialPolicySet],
      initialExplicitPolicy: policy.requireExplicit,
      initialPolicyMappingInhibit: policy.inhibitMapping,
      initialInhibitPolicy: policy.inhibitAny,
    },
  );
  return result;
}

function read(type: 'certificate' | 'csr' | 'crl', octets: ArrayBuffer): unknown {
  switch (type) {
    case 'certificate':
      return pkijs.Certificate.fromBER(octets);
    case 'csr':
      return pkijs.CertificationRequest.fromBER(octets);
    case 'crl':
      return pkijs.CertificateRevocationList.fromBER(octets);
  }
}
