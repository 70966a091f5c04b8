import { decodeBase64 } from '@mayfly/der/pem';
import { fromPkcs8, generateKey, verifyWithWebCrypto } from '@mayfly/keys/webcrypto';
import { encodePrivateKeyInfo, parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { decryptPrivateKeyInfo, encryptPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { createCertificationRequest, parseCertificationRequest, verifyCertificationRequest } from '@mayfly/pkcs10';
import { keyEntries, keyStore, readPfx, writePfx } from '@mayfly/pkcs12';
import { passwordDeriver } from '@mayfly/wasm/pbkdf2';
import { encodeTBSCertificate, parseCertificate, parseTBSCertificate, signedParts } from '@mayfly/x509';
import { basicConstraints, subjectAltName, subjectAltNameExtension } from '@mayfly/x509/extensions';
import { buildName, encodeName, formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { expectEqual } from './expect.js';
import type { Case, Fixtures, Modules } from './suite.js';

const PASSWORD = 'mayfly';
/** Fast, and within what each WebCrypto allows. */
const ITERATIONS = 2048;

/** The formats, and keys of the platform. */
export function formatCases(fixtures: Fixtures, modules: Modules): readonly Case[] {
  const certificate = decodeBase64(fixtures.certificate);
  const privateKey = decodeBase64(fixtures.privateKey);
  return [
    {
      name: 'a certificate is read, written again and verified',
      run: async () => {
        const parsed = parseCertificate(certificate);
        expectEqual(formatDistinguishedName(parseName(parsed.subject)), 'CN=p256', 'the subject');
        expectEqual(basicConstraints(parsed)?.cA, true, 'cA');
        const tbs = encodeTBSCertificate(parseTBSCertificate(parsed.tbsCertificate));
        expectEqual(tbs, parsed.tbsCertificate, 'what is written');
        const verdict = await verifyWithWebCrypto(signedParts(parsed), parsed.subjectPublicKeyInfo);
        expectEqual(verdict, true, 'the verdict');
      },
    },
    {
      name: 'a request is made, read and verified',
      run: async () => {
        const key = await generateKey('P-256');
        const subject = encodeName(buildName({ commonName: 'web' }));
        const extensions = [subjectAltNameExtension([{ type: 'dNSName', value: 'web.example' }])];
        const request = parseCertificationRequest(await createCertificationRequest({ subject, extensions }, key));
        expectEqual(request.subject, subject, 'the subject');
        expectEqual(subjectAltName(request)?.length, 1, 'the number of names');
        expectEqual(await verifyCertificationRequest(request, verifyWithWebCrypto), true, 'the verdict');
        const foreign = parseCertificationRequest(decodeBase64(fixtures.request));
        expectEqual(await verifyCertificationRequest(foreign, verifyWithWebCrypto), true, 'the verdict on another');
      },
    },
    {
      name: 'a private key is read, encrypted, decrypted and used',
      run: async () => {
        expectEqual(encodePrivateKeyInfo(parsePrivateKeyInfo(privateKey)), privateKey, 'what is written');
        const encrypted = await encryptPrivateKeyInfo(privateKey, PASSWORD, { iterations: ITERATIONS });
        expectEqual(await decryptPrivateKeyInfo(encrypted, PASSWORD), privateKey, 'what is decrypted');
        const key = await fromPkcs8(privateKey);
        expectEqual(key.subjectPublicKeyInfo, parseCertificate(certificate).subjectPublicKeyInfo, 'the public key');
      },
    },
    ...(['P-256', 'P-384', 'Ed25519'] as const).map((algorithm) => ({
      name: `a key of the platform signs: ${algorithm}`,
      run: async () => {
        const key = await generateKey(algorithm);
        const tbs = new TextEncoder().encode('message');
        const signed = { tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: await key.sign(tbs) };
        expectEqual(await verifyWithWebCrypto(signed, key.subjectPublicKeyInfo), true, 'the verdict');
      },
    })),
    {
      name: 'a key store of OpenSSL is read, and one of ours written and read',
      run: async () => {
        const [foreign] = keyEntries(await readPfx(decodeBase64(fixtures.pfx), PASSWORD));
        expectEqual(foreign?.privateKeyInfo, privateKey, 'the key of OpenSSL');
        expectEqual(foreign?.certificates[0], certificate, 'the certificate of OpenSSL');
        const keys = [{ friendlyName: 'web', privateKeyInfo: privateKey, certificates: [certificate] }];
        const file = await writePfx(keyStore({ keys }), PASSWORD, { iterations: ITERATIONS });
        const [own] = keyEntries(await readPfx(file, PASSWORD));
        expectEqual(own?.friendlyName, 'web', 'the name');
        expectEqual(own?.privateKeyInfo, privateKey, 'the key');
      },
    },
    {
      name: 'a key store under more iterations than any WebCrypto refuses, by PBKDF2 of the kernel',
      run: async () => {
        const { sha256, sha512 } = modules ?? {};
        const given = { ...(sha256 && { sha256 }), ...(sha512 && { sha512 }) };
        const derive = passwordDeriver({ modules: given });
        const keys = [{ friendlyName: 'web', privateKeyInfo: privateKey, certificates: [certificate] }];
        const file = await writePfx(keyStore({ keys }), PASSWORD, { iterations: 120_000, derive });
        const [entry] = keyEntries(await readPfx(file, PASSWORD, { derive }));
        expectEqual(entry?.privateKeyInfo, privateKey, 'the key');
      },
    },
  ];
}
