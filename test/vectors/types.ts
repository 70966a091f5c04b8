/** `vectors/index.json`: every vector, what made it, and what a reader is to say about it. */
export type Vector = CertificateVector | RequestVector | CrlVector | PrivateKeyVector | PublicKeyVector | PemVector;

interface Common {
  /** Below `vectors/`. */
  readonly file: string;
  readonly about: string;
  /** `tolerated`: not DER or not RFC 5280, and accepted all the same, because certificates in use are like that. */
  readonly expect: 'valid' | 'tolerated' | 'refused';
  /** Present when refused, or when the file is made from another by one edit. */
  readonly fault?: Fault;
  /** SHA-256 of what the file is made from: definition, keys, issuer. */
  readonly inputs: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
}

export interface Fault {
  /** The vector that was edited. */
  readonly of: string;
  /** What refuses, or accepts, the file. */
  readonly reader: Reader;
  readonly code?: string;
  /** Where it shows, in octets from the start of what the reader is given. */
  readonly offset?: number;
  /** Where it shows in PEM text, in lines from 1. */
  readonly line?: number;
  readonly path?: string;
}

/** Functions that the faults are for: the whole format, or the decoder of one extension. */
export type Reader =
  | 'certificate'
  | 'request'
  | 'private-key'
  | 'encrypted-private-key'
  | 'sec1'
  | 'pkcs1'
  | 'public-key'
  | 'subject'
  | 'subjectPublicKeyInfo'
  | 'pem'
  | `extension ${string}`;

export interface CertificateVector extends Common {
  readonly kind: 'certificate';
  readonly made?: Made;
  readonly facts?: CertificateFacts;
}

export interface RequestVector extends Common {
  readonly kind: 'request';
  readonly made?: Made;
  readonly facts?: RequestFacts;
}

export interface CrlVector extends Common {
  readonly kind: 'crl';
  readonly made?: Made;
  readonly facts?: CrlFacts;
}

export interface PrivateKeyVector extends Common {
  readonly kind: 'private-key';
  readonly form: 'pkcs8' | 'sec1' | 'pkcs1' | 'pkcs8-encrypted' | 'legacy-encrypted';
  readonly password?: string;
  readonly facts?: KeyFacts;
}

export interface PublicKeyVector extends Common {
  readonly kind: 'public-key';
  readonly form: 'spki' | 'pkcs1';
  readonly facts?: KeyFacts;
}

/** A text with PEM in it; the file has no header, since the text is what is tested. */
export interface PemVector extends Common {
  readonly kind: 'pem';
  /** Label and SHA-256 of the octets of each block. */
  readonly blocks?: readonly (readonly [label: string, sha256: string])[];
}

/** Who signed, and how; the same again gives the same bytes where `deterministic`. */
export interface Made {
  /** Name of the key that the file is about: `keys/<key>.pem`. */
  readonly key: string;
  /** Name of the key that signed. */
  readonly signer: string;
  readonly digest?: Digest;
  readonly pss?: boolean;
  readonly deterministic: boolean;
}

export type Digest = 'sha256' | 'sha384' | 'sha512';

/** What `openssl x509` prints. */
export interface CertificateFacts {
  readonly version: number;
  /** Hexadecimal. */
  readonly serialNumber: string;
  readonly signatureAlgorithm: string;
  readonly issuer: NameFacts;
  readonly subject: NameFacts;
  /** `2026-01-01 00:00:00Z`. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** SHA-256 of the DER of the SubjectPublicKeyInfo. */
  readonly publicKey: string;
  readonly extensions: readonly ExtensionFacts[];
  /** SHA-256 of the octets of the signature. */
  readonly signature: string;
}

export interface RequestFacts {
  readonly signatureAlgorithm: string;
  readonly subject: NameFacts;
  readonly publicKey: string;
  /** Names of the attributes but for the extension request, with their values. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly extensions: readonly ExtensionFacts[];
  readonly signature: string;
}

export interface CrlFacts {
  readonly version: number;
  readonly signatureAlgorithm: string;
  readonly issuer: NameFacts;
  readonly thisUpdate: string;
  readonly nextUpdate: string;
  readonly extensions: readonly ExtensionText[];
  readonly revoked: readonly {
    readonly serialNumber: string;
    readonly revocationDate: string;
    readonly extensions: readonly ExtensionText[];
  }[];
  readonly signature: string;
}

export interface NameFacts {
  /** RFC 2253 text, as `-nameopt RFC2253,-esc_msb,utf8` gives it. */
  readonly text: string;
  /** In the order of the encoding; type is an OID, string the ASN.1 type. */
  readonly rdns: readonly (readonly { readonly type: string; readonly string: string; readonly value: string }[])[];
}

/** An extension under openssl's name for it, as text. */
export interface ExtensionText {
  readonly name: string;
  readonly critical: boolean;
  readonly text: string;
}

export interface ExtensionFacts extends ExtensionText {
  /** Content of the OCTET STRING, in hexadecimal. */
  readonly value: string;
}

export interface KeyFacts {
  readonly algorithm: string;
  /** SHA-256 of the DER of the SubjectPublicKeyInfo. */
  readonly publicKey: string;
  /** The secret scalar or seed in hexadecimal, for the short kinds of key. */
  readonly secret?: string;
  /** RSA modulus in hexadecimal. */
  readonly modulus?: string;
}
