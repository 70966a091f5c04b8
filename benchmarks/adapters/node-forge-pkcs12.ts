import forge from 'node-forge';

export interface PfxJob {
  readonly file: Uint8Array;
  readonly password: string;
  readonly entry: { readonly privateKeyInfo: Uint8Array; readonly certificates: readonly Uint8Array[] };
  readonly iterations: number;
}

const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** PEM of the private key in a file. */
export function open({ file, password }: PfxJob): string {
  const pfx = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(binary(file)), true, password);
  const bags = pfx.getBags({ bagType: forge.pki.oids.pkcs8ShroudedKeyBag! });
  const [bag] = bags[forge.pki.oids.pkcs8ShroudedKeyBag!]!;
  return forge.pki.privateKeyToPem(bag!.key!);
}

/** A file as it makes them: certificates in the open, MAC with SHA-1. */
export function create({ password, entry, iterations }: PfxJob): string {
  const key = forge.pki.privateKeyFromAsn1(forge.asn1.fromDer(binary(entry.privateKeyInfo)));
  const chain = entry.certificates.map((der) => forge.pki.certificateFromAsn1(forge.asn1.fromDer(binary(der))));
  const pfx = forge.pkcs12.toPkcs12Asn1(key, chain, password, {
    algorithm: 'aes256',
    count: iterations,
    friendlyName: 'web',
  });
  return forge.asn1.toDer(pfx).getBytes();
}
