import { createHash } from 'node:crypto';
import { concatBytes, toHex } from '@mayfly/der';
import { decodePem } from '@mayfly/der/pem';
import { parsePublicKey } from '@mayfly/keys';
import { fromPkcs8 } from '@mayfly/keys/node';
import {
  curvePrivateKeyInfo,
  encodePrivateKeyInfo,
  parsePrivateKeyInfo,
  parsePrivateKeyPem,
  readCurvePrivateKey,
} from '@mayfly/pkcs8';
import { ecFromPrivateKeyInfo, ecPrivateKeyInfo, ecToPrivateKeyInfo, readECPrivateKey } from '@mayfly/pkcs8/ec';
import { decryptPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { encodeRSAPrivateKey, parseRSAPublicKey, readRSAPrivateKeyInfo, rsaToPrivateKeyInfo } from '@mayfly/pkcs8/rsa';
import { parseSubjectPublicKeyInfo } from '@mayfly/x509';
import { describe, expect, test } from 'vitest';
import { formats } from '../fuzz/formats.js';
import { derOf, ofKind, textOf, vectors } from './read-vectors.js';
import type { KeyFacts, PrivateKeyVector } from './types.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const committed = vectors.filter(({ file }) => file.startsWith('keys/'));
const privateKeys = committed.filter(ofKind('private-key'));
const publicKeys = committed.filter(ofKind('public-key'));

/** DER of the PrivateKeyInfo in a key file of any form. */
async function openKey({ file, password }: PrivateKeyVector): Promise<Uint8Array> {
  const key = parsePrivateKeyPem(textOf(file));
  return 'privateKeyInfo' in key
    ? key.privateKeyInfo
    : await decryptPrivateKeyInfo(key.encryptedPrivateKeyInfo, password ?? '');
}

/** The secret of a short key, or the modulus of an RSA key, as the facts have them. */
function secretOf(der: Uint8Array, { algorithm }: KeyFacts): Pick<KeyFacts, 'secret' | 'modulus'> {
  const info = parsePrivateKeyInfo(der);
  if (algorithm.startsWith('RSA')) return { modulus: toHex(readRSAPrivateKeyInfo(info).modulus) };
  return { secret: toHex((algorithm === 'Ed25519' ? readCurvePrivateKey(info) : readECPrivateKey(info)).privateKey) };
}

describe('private keys', () => {
  const sound = privateKeys.filter(({ expect: outcome }) => outcome === 'valid');
  test.each(sound.map((vector) => [vector.file, vector] as const))(
    '%s reads as openssl reads it',
    async (_file, vector) => {
      const der = await openKey(vector);
      const { publicKey, secret, modulus } = vector.facts!;
      const { secret: found, modulus: foundModulus } = secretOf(der, vector.facts!);
      // openssl prints a scalar without its leading zeros.
      expect({ secret: found, modulus: foundModulus }).toEqual({
        secret: secret?.padStart(found?.length ?? 0, '0'),
        modulus,
      });
      expect(sha256(fromPkcs8(der).subjectPublicKeyInfo)).toBe(publicKey);
    },
  );

  const plain = {
    pkcs8: 'private-key',
    sec1: 'sec1',
    pkcs1: 'pkcs1',
    'pkcs8-encrypted': 'encrypted-private-key',
  } as const;
  test.each(sound.flatMap(({ file, form }) => (form === 'legacy-encrypted' ? [] : [[file, form] as const])))(
    '%s comes out as it went in',
    (file, form) => {
      expect(toHex(formats[plain[form]].again(derOf(file)))).toBe(toHex(derOf(file)));
    },
  );

  const refused = privateKeys.filter(({ expect: outcome }) => outcome === 'refused');
  test.each(refused.map((vector) => [vector.file, vector] as const))('%s is refused', async (_file, vector) => {
    await expect(openKey(vector)).rejects.toMatchObject({ code: vector.fault!.code });
  });

  const encrypted = sound.filter(({ form }) => form === 'pkcs8-encrypted');
  test.each(encrypted.map((vector) => [vector.file, vector] as const))(
    '%s holds the key that was encrypted',
    async (file, vector) => {
      const plainFile = `keys/${/keys\/(.*)-pbes2/.exec(file)![1]}.pem`;
      expect(toHex(await openKey(vector))).toBe(toHex(derOf(plainFile)));
      await expect(openKey({ ...vector, password: 'wrong' })).rejects.toMatchObject({ code: 'ERR_PKCS8_PASSWORD' });
    },
  );

  test.each(['p256', 'p384', 'p521', 'ed25519'])('%s is made from its facts to the byte', (name) => {
    const { facts } = privateKeys.find(({ file }) => file === `keys/${name}.pem`)!;
    const secret = Uint8Array.from(Buffer.from(facts!.secret!, 'hex'));
    const { subjectPublicKey } = parseSubjectPublicKeyInfo(derOf(`keys/${name}-public.pem`));
    const curves = { p256: 'P-256', p384: 'P-384', p521: 'P-521' } as const;
    const curve = name in curves ? curves[name as keyof typeof curves] : undefined; // checked by `in`
    const length = curve === undefined ? 32 : Math.ceil(Number(curve.slice(2)) / 8);
    const info =
      curve === undefined
        ? curvePrivateKeyInfo('Ed25519', secret)
        : ecPrivateKeyInfo({
            curve,
            privateKey: concatBytes(new Uint8Array(length - secret.length), secret),
            publicKey: subjectPublicKey,
          });
    expect(toHex(encodePrivateKeyInfo(info))).toBe(toHex(derOf(`keys/${name}.pem`)));
  });
});

describe('other forms', () => {
  test.each(['p256', 'p384', 'p521'])('%s becomes SEC 1 and PKCS#8 to the byte', (name) => {
    const pkcs8 = derOf(`keys/${name}.pem`);
    const sec1 = derOf(`keys/${name}-sec1.pem`);
    expect(toHex(ecFromPrivateKeyInfo(parsePrivateKeyInfo(pkcs8)))).toBe(toHex(sec1));
    expect(toHex(encodePrivateKeyInfo(ecToPrivateKeyInfo(sec1)))).toBe(toHex(pkcs8));
  });

  test.each(['rsa2048', 'rsa3072', 'rsa4096'])('%s becomes PKCS#1 and PKCS#8 to the byte', (name) => {
    const pkcs8 = derOf(`keys/${name}.pem`);
    const pkcs1 = derOf(`keys/${name}-pkcs1.pem`);
    expect(toHex(encodeRSAPrivateKey(readRSAPrivateKeyInfo(parsePrivateKeyInfo(pkcs8))))).toBe(toHex(pkcs1));
    expect(toHex(encodePrivateKeyInfo(rsaToPrivateKeyInfo(pkcs1)))).toBe(toHex(pkcs8));
  });
});

describe('public keys', () => {
  test.each(publicKeys.map((vector) => [vector.file, vector] as const))('%s', (file, { form, facts }) => {
    const der = decodePem(textOf(file));
    const format = formats[form === 'spki' ? 'public-key' : 'pkcs1-public-key'];
    expect(toHex(format.again(der))).toBe(toHex(der));
    if (form === 'pkcs1') expect(toHex(parseRSAPublicKey(der).modulus)).toBe(facts!.modulus);
    else if (!file.includes('compressed')) {
      expect(sha256(der)).toBe(facts!.publicKey);
      expect(parsePublicKey(der).keyType).toBe(
        facts!.algorithm.startsWith('P-') ? 'EC' : facts!.algorithm.replace(/-.*/, ''),
      );
    }
  });
});
