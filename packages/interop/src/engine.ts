import {
  parsePublicKey,
  type SchemeInfo,
  type SignatureScheme,
  schemes,
  signatureAlgorithm,
  signatureScheme,
} from '@mayfly/keys';
import type { AlgorithmIdentifier } from '@mayfly/x509';
import type { VerifySignature } from '@mayfly/x509/signed';
import type { BitString, OctetString } from 'asn1js';
import * as pkijs from 'pkijs';
import { fromPkijsAlgorithmIdentifier, toPkijsAlgorithmIdentifier } from './algorithm-identifier.js';
import { InteropError } from './errors.js';
import { isPkijsKey, type PkijsKey, type PlatformKey } from './pkijs-key.js';
import { fromPkijsPublicKeyInfo } from './public-key-info.js';

export interface PkijsEngineOptions {
  /** Verifies every signature that PKI.js asks about, for example `verifyWithNode` of `@mayfly/keys/node`. */
  readonly verify: VerifySignature;
  /** Does everything else: digests, encryption, keys of the platform's own. Default the platform's WebCrypto. */
  readonly crypto?: typeof globalThis.crypto;
  /** What PKI.js is to know the engine by. Default `mayfly`. */
  readonly name?: string;
}

type BufferSource = ArrayBuffer | ArrayBufferView;

/**
 * A crypto engine for PKI.js that signs with Mayfly's keys and verifies with Mayfly's verifiers: pass it as the `crypto`
 * argument of `sign` and `verify`, or hand it to PKI.js' `setEngine`. It sets nothing by itself.
 *
 * A key of {@link toPkijsKeyPair} signs with the one algorithm that it has. PKI.js' hash argument has to be that algorithm's,
 * or left out: `SHA-1` is what PKI.js then fills in, and stands for the key's own. Ed25519 takes `SHA-512` (RFC 8419 §3.1).
 * Keys of the platform sign as they do with PKI.js' own engine.
 *
 * Its methods throw {@link InteropError} `ERR_INTEROP_HASH`, `ERR_INTEROP_KEY_FORMAT`, and what the key or `verify` throws;
 * an algorithm that `verify` lacks is never tried elsewhere.
 */
export function pkijsEngine({
  verify,
  crypto = globalThis.crypto,
  name = 'mayfly',
  ...unknown
}: PkijsEngineOptions): pkijs.ICryptoEngine {
  unknown satisfies Record<string, never>;
  const platform = new pkijs.CryptoEngine({ name, crypto });
  const engine = new pkijs.CryptoEngine({ name, crypto });
  return Object.assign(engine, {
    async getSignatureParameters(privateKey: PlatformKey, hashAlgorithm?: string) {
      return isPkijsKey(privateKey)
        ? signatureParameters(privateKey, hashAlgorithm)
        : platform.getSignatureParameters(privateKey, hashAlgorithm);
    },

    async signWithPrivateKey(
      data: BufferSource,
      privateKey: PlatformKey,
      parameters: pkijs.CryptoEngineSignWithPrivateKeyParams,
    ): Promise<ArrayBuffer> {
      if (!isPkijsKey(privateKey)) return platform.signWithPrivateKey(data, privateKey, parameters);
      return Uint8Array.from(await privateKey.signingKey.sign(octets(data))).buffer;
    },

    async verifyWithPublicKey(
      data: BufferSource,
      signature: BitString | OctetString,
      publicKeyInfo: pkijs.PublicKeyInfo,
      algorithm: pkijs.AlgorithmIdentifier,
      hashAlgorithm?: string,
    ): Promise<boolean> {
      const subjectPublicKeyInfo = fromPkijsPublicKeyInfo(publicKeyInfo);
      const signed = {
        tbs: octets(data),
        signatureAlgorithm: hashAlgorithm
          ? withHash(hashAlgorithm, subjectPublicKeyInfo)
          : canonical(fromPkijsAlgorithmIdentifier(algorithm)),
        signatureValue: signature.valueBlock.valueHexView,
      };
      return await verify(signed, subjectPublicKeyInfo);
    },

    async exportKey(format: string, key: PlatformKey): Promise<ArrayBuffer | object> {
      if (!isPkijsKey(key)) return platform.exportKey(format, key);
      if (key.type === 'public' && format.toLowerCase() === 'spki')
        return Uint8Array.from(key.signingKey.subjectPublicKeyInfo).buffer;
      throw new InteropError(
        'ERR_INTEROP_KEY_FORMAT',
        `Cannot export ${key.type} key as ${format}: only public as spki`,
      );
    },
  });
}

function signatureParameters(
  { algorithm, usages, signingKey }: PkijsKey,
  hashAlgorithm: string = 'SHA-1',
): pkijs.CryptoEngineSignatureParams {
  const scheme = signatureScheme(signingKey.signatureAlgorithm);
  const hash = schemes[scheme].hash ?? 'SHA-512';
  const asked = hashAlgorithm.toUpperCase();
  if (asked !== 'SHA-1' && asked !== hash)
    throw new InteropError('ERR_INTEROP_HASH', `Cannot sign with ${hashAlgorithm}: the key is for ${scheme}`);
  return {
    signatureAlgorithm: toPkijsAlgorithmIdentifier(signingKey.signatureAlgorithm),
    parameters: { algorithm, usages },
  };
}

/**
 * The parameters of RSASSA-PKCS1-v1_5 are NULL, but absent ones have to be accepted (RFC 4055 §5): PKI.js' own engine leaves
 * them out.
 */
function canonical(identifier: AlgorithmIdentifier): AlgorithmIdentifier {
  if (identifier.parameters !== undefined) return identifier;
  const scheme = schemeWhere((info) => info.algorithm === identifier.algorithm && isPkcs1(info));
  return scheme === undefined ? identifier : signatureAlgorithm(scheme);
}

/** CMS and SCTs name hash and key apart; together they are a scheme (RFC 5652 §5.3, RFC 6962 §3.2). */
function withHash(hashAlgorithm: string, subjectPublicKeyInfo: Uint8Array): AlgorithmIdentifier {
  const { keyType } = parsePublicKey(subjectPublicKeyInfo);
  const hash = hashAlgorithm.toUpperCase();
  const scheme = schemeWhere(
    (info) => info.keyType === keyType && info.hash === hash && (keyType !== 'RSA' || isPkcs1(info)),
  );
  if (scheme !== undefined) return signatureAlgorithm(scheme);
  throw new InteropError('ERR_INTEROP_HASH', `Cannot verify: no signature scheme of ${keyType} with ${hashAlgorithm}`);
}

const isPkcs1 = ({ keyType, saltLength }: SchemeInfo): boolean => keyType === 'RSA' && saltLength === undefined;

const schemeWhere = (is: (info: SchemeInfo) => boolean): SignatureScheme | undefined =>
  (Object.keys(schemes) as SignatureScheme[]).find((name) => is(schemes[name])); // keys of the record

const octets = (data: BufferSource): Uint8Array =>
  ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
