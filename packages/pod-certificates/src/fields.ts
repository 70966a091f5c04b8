import { type FieldError, wrongType } from './field-error.js';
import { bytesMember, isObject, type JsonObject } from './json.js';
import { parseTimestamp } from './timestamp.js';
import type {
  ClusterTrustBundleSpec,
  Condition,
  PodCertificateRequestSpec,
  PodCertificateRequestStatus,
} from './types.js';

/** How a member stands in JSON, in the words of OpenAPI: formats of `string`, an integer, and an object of strings. */
export type FieldType = 'string' | 'byte' | 'date-time' | 'int32' | 'strings';

/** One member of an object of the API. */
export interface Field {
  readonly type: FieldType;
  /** Whether the schema says so; what an absent one becomes is the rules' to say. */
  readonly isRequired: boolean;
}

/** The members of an object; a test holds them against what the API server publishes. */
export type Fields = Readonly<Record<string, Field>>;

const required = (type: FieldType): Field => ({ type, isRequired: true });
const optional = (type: FieldType): Field => ({ type, isRequired: false });

/** The pair is v1beta1's alone. */
export const pairFields: readonly string[] = ['pkixPublicKey', 'proofOfPossession'];

export const requestSpecFields: Readonly<Record<keyof PodCertificateRequestSpec, Field>> = {
  signerName: /* @__PURE__ */ required('string'),
  podName: /* @__PURE__ */ required('string'),
  podUID: /* @__PURE__ */ required('string'),
  serviceAccountName: /* @__PURE__ */ required('string'),
  serviceAccountUID: /* @__PURE__ */ required('string'),
  nodeName: /* @__PURE__ */ required('string'),
  nodeUID: /* @__PURE__ */ required('string'),
  maxExpirationSeconds: /* @__PURE__ */ optional('int32'),
  unverifiedUserAnnotations: /* @__PURE__ */ optional('strings'),
  stubPKCS10Request: /* @__PURE__ */ required('byte'),
  pkixPublicKey: /* @__PURE__ */ optional('byte'),
  proofOfPossession: /* @__PURE__ */ optional('byte'),
};

/** Beside `conditions`. */
export const requestStatusFields: Readonly<Record<Exclude<keyof PodCertificateRequestStatus, 'conditions'>, Field>> = {
  certificateChain: /* @__PURE__ */ optional('string'),
  notBefore: /* @__PURE__ */ optional('date-time'),
  beginRefreshAt: /* @__PURE__ */ optional('date-time'),
  notAfter: /* @__PURE__ */ optional('date-time'),
};

export const conditionFields: Readonly<Record<keyof Condition, Field>> = {
  type: /* @__PURE__ */ required('string'),
  status: /* @__PURE__ */ required('string'),
  reason: /* @__PURE__ */ required('string'),
  message: /* @__PURE__ */ required('string'),
  lastTransitionTime: /* @__PURE__ */ required('date-time'),
};

export const trustBundleSpecFields: Readonly<Record<keyof ClusterTrustBundleSpec, Field>> = {
  signerName: /* @__PURE__ */ optional('string'),
  trustBundle: /* @__PURE__ */ required('string'),
};

/** What the API server cannot decode; absent and `null` members of any type are empty. */
export const typeErrors = (json: JsonObject, fields: Fields, path: string): readonly FieldError[] =>
  Object.entries(fields).flatMap(([member, { type }]) => {
    const value = json[member];
    if (value === undefined || value === null || types[type].fits(json, member)) return [];
    return [wrongType(`${path}.${member}`, types[type].name)];
  });

const types: Readonly<
  Record<FieldType, { readonly name: string; readonly fits: (json: JsonObject, member: string) => boolean }>
> = {
  string: { name: 'text', fits: (json, member) => typeof json[member] === 'string' },
  byte: { name: 'base64', fits: (json, member) => bytesMember(json, member) !== undefined },
  'date-time': { name: 'an RFC 3339 time', fits: (json, member) => parseTimestamp(json[member]) !== undefined },
  int32: {
    name: 'a 32-bit integer',
    fits(json, member) {
      const value = json[member];
      return typeof value === 'number' && (value | 0) === value;
    },
  },
  strings: {
    name: 'texts',
    fits(json, member) {
      const value = json[member];
      return isObject(value) && Object.values(value).every((each) => each === null || typeof each === 'string');
    },
  },
};
