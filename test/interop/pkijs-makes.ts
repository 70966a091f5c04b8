/** The root, leaf and request of `artefacts.ts` as PKI.js makes them. */
import { toPkijsExtension, toPkijsName } from '@mayfly/interop';
import { Integer, Utf8String } from 'asn1js';
import * as pkijs from 'pkijs';
import { type Artefacts, leafName, names, notAfter, notBefore, rootName, usages } from './artefacts.js';

/** A key as PKI.js takes it, and the engine that knows it. */
export interface PkijsSigner {
  readonly privateKey: Parameters<pkijs.Certificate['sign']>[0];
  readonly publicKey: Parameters<pkijs.PublicKeyInfo['importKey']>[0];
  readonly hash: string;
  readonly engine?: pkijs.ICryptoEngine;
}

export async function makeWithPkijs(signer: PkijsSigner): Promise<Artefacts> {
  const { privateKey, publicKey, hash, engine } = signer;
  const certificates: Uint8Array[] = [];
  for (const [serial, subject, extensions] of [
    [1, rootName, [new pkijs.BasicConstraints({ cA: true })]],
    [2, leafName, [new pkijs.BasicConstraints()]],
  ] as const) {
    const certificate = new pkijs.Certificate({
      version: 2,
      serialNumber: new Integer({ value: serial }),
      issuer: toPkijsName(rootName),
      subject: toPkijsName(subject),
      notBefore: new pkijs.Time({ type: 0, value: new Date(1000 * notBefore) }),
      notAfter: new pkijs.Time({ type: 1, value: new Date(1000 * notAfter) }),
      extensions: extensions.map(
        (constraints) =>
          new pkijs.Extension({ extnID: '2.5.29.19', critical: true, extnValue: constraints.toSchema().toBER() }),
      ),
    });
    if (subject === leafName) certificate.extensions?.push(toPkijsExtension(names), ...usages.map(toPkijsExtension));
    await certificate.subjectPublicKeyInfo.importKey(publicKey, engine);
    await certificate.sign(privateKey, hash, engine);
    certificates.push(new Uint8Array(certificate.toSchema(true).toBER()));
  }
  const [root, leaf] = certificates;
  return { root: root!, leaf: leaf!, request: await makeRequest(signer) };
}

async function makeRequest({ privateKey, publicKey, hash, engine }: PkijsSigner): Promise<Uint8Array> {
  const extensions = new pkijs.Extensions({ extensions: [names, ...usages].map(toPkijsExtension) });
  const request = new pkijs.CertificationRequest({
    subject: toPkijsName(leafName),
    // In DER's order, which PKI.js does not establish.
    attributes: [
      new pkijs.Attribute({ type: '1.2.840.113549.1.9.7', values: [new Utf8String({ value: 'not a secret' })] }),
      new pkijs.Attribute({ type: '1.2.840.113549.1.9.14', values: [extensions.toSchema()] }),
    ],
  });
  await request.subjectPublicKeyInfo.importKey(publicKey, engine);
  await request.sign(privateKey, hash, engine);
  return new Uint8Array(request.toSchema().toBER());
}
