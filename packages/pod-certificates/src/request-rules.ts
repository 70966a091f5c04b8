import { DerError, type Seconds } from '@mayfly/der';
import { encodeBase64 } from '@mayfly/der/pem';
import { type CertificationRequest, Pkcs10Error, parseCertificationRequest, requestSignedParts } from '@mayfly/pkcs10';
import { X509Error } from '@mayfly/x509';
import type { VerifySignature } from '@mayfly/x509/signed';
import { byteLength, type FieldError, invalid, required, tooLong } from './field-error.js';
import { type Fields, pairFields, requestSpecFields, typeErrors } from './fields.js';
import { bytesMember, type JsonObject, objectMember, textMember } from './json.js';
import { classifyKey, type KeyClass } from './key-type.js';
import { kubernetesLimits, type Limits } from './limits.js';
import {
  domainPrefixedKeyErrors,
  isReservedSignerName,
  labelErrors,
  signerNameErrors,
  subdomainErrors,
  subdomainPrefixErrors,
} from './names.js';
import { DEFAULT_MAX_EXPIRATION_SECONDS } from './read.js';
import { applyRules, type Rule } from './rule.js';

/** Longest `maxExpirationSeconds`: 91 days, and one day for signers of Kubernetes itself. */
const MAX_EXPIRATION: Seconds = 7_862_400;
const MAX_EXPIRATION_RESERVED: Seconds = 86_400;
/** Longest byte field, in octets. */
const MAX_BYTES = 10 * 1024;
/** Longest UID, in octets. */
const MAX_UID = 128;
/** Most that keys and values of the annotations take together, in octets. */
const MAX_ANNOTATIONS = 256 * 1024;

/**
 * Whether a signature over the pod UID was made with the key: RSASSA-PSS with SHA-256 and a salt of any length, ECDSA
 * with SHA-256 in DER on every curve, or Ed25519.
 */
export type VerifyProofOfPossession = (
  subjectPublicKeyInfo: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean | Promise<boolean>;

/** The cryptography that the rules need; `@mayfly/pod-certificates/node` has both for Node. */
export interface RequestVerifiers {
  readonly verifySignature: VerifySignature;
  readonly verifyProofOfPossession: VerifyProofOfPossession;
}

/** What the rules for a new request look at. */
export interface NewRequestContext {
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
  readonly limits: Limits;
  /** v1 has no pair; whatever stands there is not looked at. */
  readonly hasPair: boolean;
}

/**
 * A request as the API server's defaulting leaves it: `maxExpirationSeconds` of a day where it is absent, an empty
 * status whatever was sent.
 */
export function defaultPodCertificateRequest(json: JsonObject): JsonObject {
  const spec = objectMember(json, 'spec');
  return {
    ...json,
    spec: { ...spec, maxExpirationSeconds: spec['maxExpirationSeconds'] ?? DEFAULT_MAX_EXPIRATION_SECONDS },
    status: {},
  };
}

/**
 * Everything that kube-apiserver refuses in a new PodCertificateRequest, worded as it words it; nothing when it would
 * be accepted. Asks for the signature only when the key is in order.
 * @param json - The object with its name and after {@link defaultPodCertificateRequest}.
 */
export async function validateNewRequest(
  json: JsonObject,
  verifiers: RequestVerifiers,
  limits: Limits = kubernetesLimits,
): Promise<readonly FieldError[]> {
  const context: NewRequestContext = {
    metadata: objectMember(json, 'metadata'),
    spec: objectMember(json, 'spec'),
    limits,
    hasPair: json['apiVersion'] !== 'certificates.k8s.io/v1',
  };
  const wrongTypes = typeRule.check(context);
  if (wrongTypes.length > 0) return wrongTypes;
  const errors = applyRules(fieldRules, context);
  const keyRefusals = applyRules(keyRules, context);
  return [...errors, ...(keyRefusals.length > 0 ? keyRefusals : await signatureErrors(context, verifiers))];
}

const nameRule = (member: string): Rule<NewRequestContext> => ({
  name: `spec.${member} is a DNS-1123 subdomain`,
  check: ({ spec }) => subdomainErrors(`spec.${member}`, textMember(spec, member)),
});

const uidRule = (member: string): Rule<NewRequestContext> => ({
  name: `spec.${member} has 1 to ${MAX_UID} octets`,
  check({ spec }) {
    const uid = textMember(spec, member);
    if (uid === '') return [invalid(`spec.${member}`, uid, 'must not be empty')];
    return byteLength(uid) > MAX_UID ? [tooLong(`spec.${member}`, MAX_UID)] : [];
  },
});

const withoutPair: Fields = /* @__PURE__ */ Object.fromEntries(
  /* @__PURE__ */ Object.entries(requestSpecFields).filter(([member]) => !pairFields.includes(member)),
);

const typeRule: Rule<NewRequestContext> = {
  name: 'the members have their types',
  last: 'own',
  check: ({ spec, hasPair }) => typeErrors(spec, hasPair ? requestSpecFields : withoutPair, 'spec'),
};

const fieldRules: readonly Rule<NewRequestContext>[] = [
  {
    name: 'metadata.name is a DNS-1123 subdomain, metadata.namespace a label',
    check({ metadata }) {
      const prefix = textMember(metadata, 'generateName');
      const name = textMember(metadata, 'name');
      const namespace = textMember(metadata, 'namespace');
      return [
        ...(prefix === '' ? [] : subdomainPrefixErrors('metadata.generateName', prefix)),
        ...(name === ''
          ? [required('metadata.name', 'name or generateName is required')]
          : subdomainErrors('metadata.name', name)),
        ...(namespace === '' ? [required('metadata.namespace', '')] : labelErrors('metadata.namespace', namespace)),
      ];
    },
  },
  {
    name: 'spec.signerName is a domain, a slash and a path',
    check: ({ spec }) => signerNameErrors('spec.signerName', textMember(spec, 'signerName')),
  },
  {
    name: 'spec.unverifiedUserAnnotations have domain-prefixed keys and 256 KiB at most',
    check({ spec }) {
      const field = 'spec.unverifiedUserAnnotations';
      const entries = Object.entries(objectMember(spec, 'unverifiedUserAnnotations'));
      return [
        ...entries.flatMap(([key]) => domainPrefixedKeyErrors(field, key)),
        ...(byteLength(entries.flat().join('')) > MAX_ANNOTATIONS ? [tooLong(field, MAX_ANNOTATIONS)] : []),
      ];
    },
  },
  /* @__PURE__ */ nameRule('podName'),
  /* @__PURE__ */ uidRule('podUID'),
  /* @__PURE__ */ nameRule('serviceAccountName'),
  /* @__PURE__ */ uidRule('serviceAccountUID'),
  /* @__PURE__ */ nameRule('nodeName'),
  /* @__PURE__ */ uidRule('nodeUID'),
  {
    name: 'spec.maxExpirationSeconds is set and in range, a day at most for reserved signers',
    check({ spec, limits }) {
      const field = 'spec.maxExpirationSeconds';
      const value = spec['maxExpirationSeconds'];
      if (typeof value !== 'number') return [required(field, 'must be set')];
      const least = limits.minExpirationSeconds;
      const most = isReservedSignerName(textMember(spec, 'signerName')) ? MAX_EXPIRATION_RESERVED : MAX_EXPIRATION;
      return least <= value && value <= most ? [] : [invalid(field, value, `must be in the range [${least}, ${most}]`)];
    },
  },
];

const keyRules: readonly Rule<NewRequestContext>[] = [
  {
    name: 'the key is in the stub or in both members of the pair',
    last: 'own',
    check(context) {
      const { stub, key, proof } = keyMaterial(context);
      const pair = key.length > 0 && proof.length > 0;
      const partOfPair = key.length > 0 || proof.length > 0;
      const exactlyOne = stub.length > 0 ? !partOfPair : pair;
      return exactlyOne ? [] : [oneOfBoth()];
    },
  },
  {
    name: 'byte fields have 10 KiB at most',
    last: 'own',
    check(context) {
      const { stub, key, proof } = keyMaterial(context);
      const fields = { stubPKCS10Request: stub, pkixPublicKey: key, proofOfPossession: proof };
      const first = Object.entries(fields).find(([, { length }]) => length > MAX_BYTES);
      return first === undefined ? [] : [tooLong(`spec.${first[0]}`, MAX_BYTES)];
    },
  },
  {
    name: 'the key parses and is of an allowed kind and size',
    last: 'own',
    check(context) {
      const { stub, key } = keyMaterial(context);
      if (stub.length === 0) return pairKeyErrors(key);
      const request = parseStub(stub);
      return request === undefined ? [noStub()] : stubKeyErrors(classifyKey(request.subjectPublicKeyInfo));
    },
  },
];

/** Every rule for a new request but the signatures, in the order in which the API server asks them. */
export const newRequestRules: readonly Rule<NewRequestContext>[] = [typeRule, ...fieldRules, ...keyRules];

/** The proof of possession of either form, asked when the key is in order. */
async function signatureErrors(
  context: NewRequestContext,
  { verifySignature, verifyProofOfPossession }: RequestVerifiers,
): Promise<readonly FieldError[]> {
  const { stub, key, proof } = keyMaterial(context);
  const request = stub.length > 0 ? parseStub(stub) : undefined;
  if (request !== undefined) {
    const genuine = await verifySignature(requestSignedParts(request), request.subjectPublicKeyInfo);
    return genuine ? [] : [invalid('spec.stubPKCS10Request', undefined, 'invalid signature')];
  }
  const podUID = new TextEncoder().encode(textMember(context.spec, 'podUID'));
  const genuine = await verifyProofOfPossession(key, podUID, proof);
  return genuine
    ? []
    : [invalid('spec.proofOfPossession', undefined, 'could not verify proof-of-possession signature')];
}

const oneOfBoth = (): FieldError =>
  invalid('spec', undefined, 'exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set');

const noStub = (): FieldError => invalid('spec.stubPKCS10Request', undefined, 'must be a valid PKCS#10 CSR');

const UNKNOWN_KEY = 'unknown public key type; supported types are Ed25519, ECDSA, and RSA';
const MODULUS = 'RSA keys must have modulus size 3072 or 4096';

/** The API server takes any 32 octets for an Ed25519 key; whether a signature fits them is the next rule, what is signed the signer's. */
function stubKeyErrors(key: KeyClass): readonly FieldError[] {
  if (key.ok) return [];
  const field = 'spec.stubPKCS10Request';
  switch (key.fault) {
    case 'point':
      return [];
    case 'malformed':
      return [noStub()];
    case 'algorithm':
      return [invalid(field, undefined, UNKNOWN_KEY)];
    case 'curve':
      return [invalid(field, `curve ${key.found}`, 'elliptic public keys must use curve P256, P384, or P521')];
    case 'modulus':
      return [invalid(field, key.found, MODULUS)];
  }
}

/** The API server repeats keys of the pair that it cannot take, in base64, and takes P-521 whatever its words say. */
function pairKeyErrors(spki: Uint8Array): readonly FieldError[] {
  const key = classifyKey(spki);
  if (key.ok) return [];
  const field = 'spec.pkixPublicKey';
  switch (key.fault) {
    case 'point':
      return [];
    case 'malformed':
      return [invalid(field, encodeBase64(spki), 'must be a valid PKIX-serialized public key')];
    case 'algorithm':
      return [invalid(field, encodeBase64(spki), UNKNOWN_KEY)];
    case 'curve':
      return [invalid(field, `curve ${key.found}`, 'elliptic public keys must use curve P256 or P384')];
    case 'modulus':
      return [invalid(field, key.found, MODULUS)];
  }
}

/** The stub, or `undefined` when it is no PKCS#10 request. */
function parseStub(stub: Uint8Array): CertificationRequest | undefined {
  try {
    return parseCertificationRequest(stub);
  } catch (error) {
    if (error instanceof DerError || error instanceof Pkcs10Error || error instanceof X509Error) return undefined;
    throw error;
  }
}

/** The byte fields that count in the request's version; the rule of types has seen that they are base64. */
function keyMaterial({ spec, hasPair }: NewRequestContext) {
  const bytes = (member: string) => bytesMember(spec, member) ?? new Uint8Array();
  return {
    stub: bytes('stubPKCS10Request'),
    key: hasPair ? bytes('pkixPublicKey') : new Uint8Array(),
    proof: hasPair ? bytes('proofOfPossession') : new Uint8Array(),
  };
}
