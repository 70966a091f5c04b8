import type { Digest } from '../types.js';

/** What is told to openssl to make one certificate. */
export interface CertificateDefinition {
  /** The file is `certificates/<name>.pem`. */
  readonly name: string;
  readonly about: string;
  /** Name of the subject's key. */
  readonly key: string;
  /** Name of the issuer's certificate. Self-signed without it. */
  readonly issuer?: string;
  /** Lines of the section `distinguished_name`. */
  readonly subject: readonly string[];
  /** openssl's `string_mask`. Default `utf8only`. */
  readonly stringMask?: string;
  /** Hexadecimal. Default: eight octets from a hash of the name. */
  readonly serialNumber?: string;
  /** `YYYYMMDDHHMMSSZ`. Default all of 2026. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly digest?: Digest;
  readonly pss?: boolean;
  /** Lines of the section with the extensions. */
  readonly extensions: readonly string[];
  /** Further sections that these refer to. */
  readonly sections?: Readonly<Record<string, readonly string[]>>;
}

/** What is told to openssl to make one request; the file is `requests/<name>.pem`. */
export interface RequestDefinition {
  readonly name: string;
  readonly about: string;
  readonly key: string;
  readonly subject: readonly string[];
  readonly stringMask?: string;
  readonly digest?: Digest;
  readonly pss?: boolean;
  readonly extensions: readonly string[];
  readonly sections?: Readonly<Record<string, readonly string[]>>;
  /** Lines of the section `attributes`. */
  readonly attributes?: readonly string[];
}

/** What is told to openssl to make one CRL; the file is `crls/<name>.pem`. */
export interface CrlDefinition {
  readonly name: string;
  readonly about: string;
  /** Name of the issuer's certificate. */
  readonly issuer: string;
  readonly digest?: Digest;
  readonly pss?: boolean;
  readonly thisUpdate?: string;
  readonly nextUpdate?: string;
  /** Hexadecimal. Without it the CRL has no number, and without extensions it is v1. */
  readonly number?: string;
  readonly extensions: readonly string[];
  readonly sections?: Readonly<Record<string, readonly string[]>>;
  /** Serial number, date (`YYMMDDHHMMSSZ`), and the reason as openssl's database has it. */
  readonly revoked: readonly (readonly [serialNumber: string, date: string, reason?: string])[];
}

/** A key that is made once and kept. */
export interface KeyDefinition {
  readonly name: string;
  readonly about: string;
  /** Arguments of `openssl genpkey`. */
  readonly genpkey: readonly string[];
}

/** A key file made from a key. */
export interface KeyFormDefinition {
  /** The file is `keys/<name>.pem`. */
  readonly name: string;
  readonly about: string;
  readonly key: string;
  readonly kind: 'private-key' | 'public-key';
  readonly form: 'pkcs8' | 'sec1' | 'pkcs1' | 'pkcs8-encrypted' | 'legacy-encrypted' | 'spki';
  /** Arguments of openssl; `KEY` stands for the file of the key. What it prints is the file. */
  readonly openssl: readonly string[];
  readonly password?: string;
  /** `refused` with a code when the form is not read on purpose. */
  readonly refused?: string;
}
