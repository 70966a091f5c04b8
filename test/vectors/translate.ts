/** Between openssl's words and ours. */
import type { Oid } from '@mayfly/der';
import type { SignatureScheme } from '@mayfly/keys';
import type { AttributeTypeAndValue, Name, StringType } from '@mayfly/x509/name';
import type { Made, NameFacts } from './types.js';

/** openssl's names of signature algorithms. */
export const signatureNames: Readonly<Record<Oid, string>> = {
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.3.101.112': 'ED25519',
};

const STRING_TYPES: Readonly<Record<string, StringType>> = {
  UTF8STRING: 'utf8String',
  PRINTABLESTRING: 'printableString',
  IA5STRING: 'ia5String',
  NUMERICSTRING: 'numericString',
  T61STRING: 'teletexString',
  BMPSTRING: 'bmpString',
};

/** The name that the facts tell of. */
export const nameOf = ({ rdns }: NameFacts): Name =>
  rdns.map((rdn) =>
    rdn.map(({ type, string, value }): AttributeTypeAndValue => {
      const stringType = STRING_TYPES[string];
      if (stringType === undefined) throw new Error(`No string type ${string}`);
      return { type, value, stringType };
    }),
  );

/** A name as the facts tell of it. */
export const opensslName = (name: Name): NameFacts['rdns'] =>
  name.map((rdn) =>
    rdn.map(({ type, value, stringType }) => ({
      type,
      string: Object.keys(STRING_TYPES).find((string) => STRING_TYPES[string] === stringType) ?? 'none',
      value: String(value),
    })),
  );

/** What a key signed with. */
export function schemeOf({ signer, digest, pss }: Made): SignatureScheme {
  if (digest === undefined) return 'Ed25519';
  const bits = digest.slice(3) as '256' | '384' | '512'; // the digits of a Digest
  if (signer.startsWith('rsa')) return pss ? `RSASSA-PSS-SHA${bits}` : `sha${bits}WithRSAEncryption`;
  return `ecdsa-with-SHA${bits}`;
}
