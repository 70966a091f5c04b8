import { equalBytes, toHex } from '@mayfly/der';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { sha256 } from '@noble/hashes/sha2.js';
import {
  type Attribute,
  cspName,
  cspNameAttribute,
  friendlyName,
  friendlyNameAttribute,
  inOrder,
  localKeyId,
  localKeyIdAttribute,
  trustedKeyUsage,
  trustedKeyUsageAttribute,
} from './attribute.js';
import type { Pfx } from './pfx.js';
import type { CertBag, KeyBag, SafeBag } from './safe-bag.js';

/** A private key with its certificates, as key stores have it. All bytes are views where they were read. */
export interface KeyEntry {
  /** DER of a PrivateKeyInfo. */
  readonly privateKeyInfo: Uint8Array;
  /** DER, the key's own first, then its issuers as far as they are there. */
  readonly certificates: readonly Uint8Array[];
  /** The alias in Java. */
  readonly friendlyName?: string;
  /** What ties key and certificate together. Default for a new store: octets from a hash of the certificate. */
  readonly localKeyId?: Uint8Array;
  /** Microsoft's name of a provider. */
  readonly cspName?: string;
}

/** A certificate that is trusted, as trust stores have it. */
export interface TrustedEntry {
  readonly certificate: Uint8Array;
  /** The alias in Java. */
  readonly friendlyName?: string;
}

/** More issuers than any chain has. */
const MAX_CHAIN = 32;

/** All bags of a file in one list, those within others included. */
export function allBags({ authenticatedSafe }: Pfx): readonly SafeBag[] {
  const flat = (bags: readonly SafeBag[]): readonly SafeBag[] =>
    bags.flatMap((bag) => (bag.type === 'safeContents' ? flat(bag.safeBags) : [bag]));
  return authenticatedSafe.flatMap(({ safeBags }) => flat(safeBags));
}

interface Found {
  readonly bag: CertBag;
  /** Octets of the names in hex; absent for a certificate that cannot be read: it stands alone. */
  readonly names?: { readonly subject: string; readonly issuer: string };
}

/** The certificates of a file by what they are looked up with: each is read once, however many keys there are. */
interface FoundCertificates {
  readonly all: readonly Found[];
  readonly bySubject: ReadonlyMap<string, readonly Found[]>;
  /** The first one with each localKeyId, in hex. */
  readonly byLocalKeyId: ReadonlyMap<string, Found>;
}

/**
 * The keys of a file with their chains: a key's certificate is the one with its localKeyId, or the only one that is
 * nobody's issuer when there is one key. Issuers are found by their names; no signature is checked.
 */
export function keyEntries(pfx: Pfx): readonly KeyEntry[] {
  const bags = allBags(pfx);
  const keys = bags.filter((bag) => bag.type === 'key');
  const found = findable(bags.filter((bag) => bag.type === 'certificate'));
  return keys.map((key) => {
    const id = localKeyId(key);
    const own = (id && found.byLocalKeyId.get(toHex(id))) ?? (keys.length === 1 ? onlyEnd(found) : undefined);
    const name = friendlyName(key) ?? (own && friendlyName(own.bag));
    const provider = cspName(key);
    return {
      privateKeyInfo: key.privateKeyInfo,
      certificates: own === undefined ? [] : chainOf(own, found),
      ...(name !== undefined && { friendlyName: name }),
      ...(id && { localKeyId: id }),
      ...(provider !== undefined && { cspName: provider }),
    };
  });
}

function findable(bags: readonly CertBag[]): FoundCertificates {
  const all = bags.map((bag): Found => {
    const certificate = tryParse(bag);
    if (certificate === undefined) return { bag };
    return { bag, names: { subject: toHex(certificate.subject), issuer: toHex(certificate.issuer) } };
  });
  const bySubject = new Map<string, Found[]>();
  const byLocalKeyId = new Map<string, Found>();
  for (const found of all) {
    const id = localKeyId(found.bag);
    if (id && !byLocalKeyId.has(toHex(id))) byLocalKeyId.set(toHex(id), found);
    if (found.names === undefined) continue;
    const same = bySubject.get(found.names.subject);
    if (same === undefined) bySubject.set(found.names.subject, [found]);
    else same.push(found);
  }
  return { all, bySubject, byLocalKeyId };
}

function tryParse({ certificate }: CertBag): Certificate | undefined {
  try {
    return parseCertificate(certificate);
  } catch {
    return undefined; // its bytes are passed on all the same
  }
}

/** The certificate that is nobody else's issuer, where one alone is. */
function onlyEnd({ all }: FoundCertificates): Found | undefined {
  const issued = new Map<string, number>();
  for (const { names } of all) if (names) issued.set(names.issuer, (issued.get(names.issuer) ?? 0) + 1);
  const ends = all.filter(({ names }) => {
    if (names === undefined) return true;
    return (issued.get(names.subject) ?? 0) === (names.subject === names.issuer ? 1 : 0);
  });
  return ends.length === 1 || all.length === 1 ? ends[0] : undefined;
}

function chainOf(own: Found, { bySubject }: FoundCertificates): readonly Uint8Array[] {
  const chain: Found[] = [own];
  for (let last = own; chain.length < MAX_CHAIN; ) {
    const { names } = last;
    if (names === undefined || names.subject === names.issuer) break;
    const next = bySubject.get(names.issuer)?.find((one) => !chain.includes(one));
    if (next === undefined) break;
    chain.push(next);
    last = next;
  }
  return chain.map(({ bag }) => bag.certificate);
}

/** The certificates that Java trusts: those whose bags have a trustedKeyUsage. */
export const trustedEntries = (pfx: Pfx): readonly TrustedEntry[] =>
  allBags(pfx).flatMap((bag): readonly TrustedEntry[] => {
    if (bag.type !== 'certificate' || trustedKeyUsage(bag) === undefined) return [];
    const name = friendlyName(bag);
    return [{ certificate: bag.certificate, ...(name !== undefined && { friendlyName: name }) }];
  });

export interface KeyStoreContents {
  readonly keys: readonly KeyEntry[];
  /** Trusted beside the keys. Default none. */
  readonly trusted?: readonly TrustedEntry[];
  /** CRLs in DER. Default none. */
  readonly crls?: readonly Uint8Array[];
}

/**
 * Lays a key store out as everybody does: certificates encrypted together, keys shrouded one by one beside them. A
 * certificate that several chains have stands there once.
 */
export function keyStore({ keys, trusted = [], crls = [], ...unknown }: KeyStoreContents): Pfx {
  unknown satisfies Record<string, never>;
  const certificates: CertBag[] = [];
  const keyBags: KeyBag[] = [];
  for (const {
    privateKeyInfo,
    certificates: chain,
    friendlyName: name,
    localKeyId: given,
    cspName: provider,
  } of keys) {
    const id = given ?? sha256(chain[0] ?? privateKeyInfo.subarray(0, 0)).slice(0, 20);
    const named: readonly Attribute[] = name === undefined ? [] : [friendlyNameAttribute(name)];
    const attributes = [...named, localKeyIdAttribute(id)];
    const microsoft = provider === undefined ? [] : [cspNameAttribute(provider)];
    keyBags.push({ type: 'key', shrouded: true, privateKeyInfo, attributes: inOrder([...attributes, ...microsoft]) });
    for (const [index, certificate] of chain.entries()) {
      if (index > 0 && certificates.some((bag) => equalBytes(bag.certificate, certificate))) continue;
      certificates.push({ type: 'certificate', certificate, attributes: index === 0 ? inOrder(attributes) : [] });
    }
  }
  const others: readonly SafeBag[] = [
    ...certificates,
    ...trusted.map(trustedBag),
    ...crls.map((crl) => ({ type: 'crl', crl, attributes: [] }) as const),
  ];
  return {
    authenticatedSafe: [
      ...(others.length === 0 ? [] : [{ encrypted: true, safeBags: others }]),
      ...(keyBags.length === 0 ? [] : [{ encrypted: false, safeBags: keyBags }]),
    ],
  };
}

/**
 * Lays a trust store out so that Java takes every certificate in it for trusted: encrypted unless told otherwise, as the profile
 * `passwordless` wants it.
 */
export const trustStore = (
  trusted: readonly TrustedEntry[],
  { encrypted = true }: { readonly encrypted?: boolean } = {},
): Pfx => ({ authenticatedSafe: [{ encrypted, safeBags: trusted.map(trustedBag) }] });

const trustedBag = ({ certificate, friendlyName: name }: TrustedEntry): CertBag => ({
  type: 'certificate',
  certificate,
  attributes: inOrder([...(name === undefined ? [] : [friendlyNameAttribute(name)]), trustedKeyUsageAttribute()]),
});
