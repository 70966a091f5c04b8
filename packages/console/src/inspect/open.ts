import { decryptPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { allBags, friendlyName, readPfx } from '@mayfly/pkcs12';
import { type Document, readDocument } from './document.js';
import { kindLabelled, secretKind } from './kinds.js';

/** Whether a document holds more than can be read without its password. */
export const isLocked = ({ kind, traditional }: Document): boolean =>
  kind.type === 'keyStore' || kind.type === 'encryptedPrivateKey' || traditional !== undefined;

/**
 * Opens a key store or an encrypted key, old algorithms included: what is decrypted stays in this page.
 * @throws `Pkcs12Error`, `Pkcs8Error`, `DerError`.
 */
export async function openDocument(document: Document, password: string): Promise<readonly Document[]> {
  const { legacy, openPrivateKeyPem } = await import('@mayfly/pkcs8/legacy');
  if (document.traditional !== undefined)
    return [await privateKey(await openPrivateKeyPem(document.traditional, () => password), 'decrypted')];
  if (document.kind.type === 'encryptedPrivateKey')
    return [await privateKey(await decryptPrivateKeyInfo(document.bytes, password, { legacy }), 'decrypted')];
  const bags = allBags(await readPfx(document.bytes, password, { legacy, allowMissingMac: true }));
  return Promise.all(
    bags.map(async (bag) => {
      const named = friendlyName(bag);
      const origin = named === undefined ? 'key store' : `key store, “${named}”`;
      switch (bag.type) {
        case 'key':
          return privateKey(bag.privateKeyInfo, origin);
        case 'certificate':
          return readDocument(bag.certificate, origin, kindLabelled('CERTIFICATE'));
        case 'crl':
          return readDocument(bag.crl, origin, kindLabelled('X509 CRL'));
        case 'secret':
          return readDocument(bag.secretValue, origin, secretKind);
        case 'unknown':
          return readDocument(bag.bagValue, `${origin}, bag ${bag.bagId}`);
        case 'safeContents':
          throw new TypeError('allBags gives what is inside these');
      }
    }),
  );
}

const privateKey = (der: Uint8Array, origin: string): Promise<Document> =>
  readDocument(der, origin, kindLabelled('PRIVATE KEY'));
