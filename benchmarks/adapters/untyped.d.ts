// What the benchmarks use of two packages that bring no types.

declare module 'node-forge' {
  interface Attribute {
    readonly value: string;
  }
  interface Certificate {
    readonly subject: { getField(shortName: string): Attribute };
    readonly validity: { readonly notBefore: Date; readonly notAfter: Date };
    getExtension(name: string): {
      readonly altNames: readonly { readonly type: number; readonly value: string }[];
    };
  }
  interface Asn1 {
    readonly tagClass: number;
  }
  interface PrivateKey {
    readonly n: object;
  }
  const forge: {
    readonly asn1: { fromDer(bytes: string): Asn1; toDer(asn1: Asn1): { getBytes(): string } };
    readonly pki: {
      readonly oids: Readonly<Record<string, string>>;
      certificateFromAsn1(asn1: Asn1): Certificate;
      privateKeyFromAsn1(asn1: Asn1): PrivateKey;
      privateKeyToPem(key: PrivateKey): string;
    };
    readonly pkcs12: {
      pkcs12FromAsn1(
        asn1: Asn1,
        strict: boolean,
        password: string,
      ): { getBags(of: { bagType: string }): Readonly<Record<string, readonly { readonly key?: PrivateKey }[]>> };
      toPkcs12Asn1(key: PrivateKey, chain: readonly Certificate[], password: string, options: object): Asn1;
    };
  };
  export default forge;
}

declare module 'jsrsasign' {
  /** `[[{ type: 'O', value: '...', ds: 'utf8' }], ...]` */
  interface Name {
    readonly array: readonly (readonly { readonly type: string; readonly value: string }[])[];
  }
  interface AltName {
    readonly dns?: string;
    readonly uri?: string;
  }
  class X509 {
    readCertHex(hex: string): void;
    getSubject(): Name;
    getExtSubjectAltName(): { readonly array: readonly AltName[] };
    getNotBefore(): string;
    getNotAfter(): string;
  }
  interface Extension {
    readonly extname: string;
    readonly array?: readonly AltName[];
  }
  interface Key {
    readonly type: string;
  }
  interface RequestParameters {
    readonly subject: Name;
    readonly sbjpubkey: Key;
    readonly sbjprvkey: Key;
    readonly sigalg: string;
    readonly extreq: readonly Extension[];
  }
  const jsrsasign: {
    readonly X509: typeof X509;
    readonly KEYUTIL: { getKey(pem: string): Key };
    readonly KJUR: {
      readonly asn1: {
        readonly csr: {
          readonly CertificationRequest: new (
            parameters: RequestParameters,
          ) => { tohex(): string; getEncodedHex(): string };
          readonly CSRUtil: {
            getParam(pem: string): { readonly subject: Name; readonly extreq: readonly Extension[] };
            verifySignature(pem: string): boolean;
          };
        };
      };
    };
  };
  export default jsrsasign;
}
