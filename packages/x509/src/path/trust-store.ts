import { type Certificate, inspectCertificate } from '../certificate.js';
import type { NameConstraints } from '../extensions/name-constraints.js';
import { LruMap } from '../lru-map.js';
import { octetText } from '../octet-text.js';
import type { VerifySignature } from '../signed.js';
import { Link } from './link.js';
import { NameKeys } from './name-keys.js';

/** RFC 5280 §6.1.1 (d): who is trusted, where that is no certificate. */
export interface TrustAnchor {
  /** DER of the Name. */
  readonly subject: Uint8Array;
  readonly subjectPublicKeyInfo: Uint8Array;
  /** What certificates below may be called: initial-permitted-subtrees and initial-excluded-subtrees. */
  readonly nameConstraints?: NameConstraints;
  /** Most intermediates below, self-issued ones not counted. */
  readonly pathLenConstraint?: number;
}

/** An anchor prepared for searches. */
export interface KnownAnchor {
  readonly given: Certificate | TrustAnchor;
  readonly subject: string;
  readonly keyText: string;
  /** Where the anchor is a certificate, or has constraints, which are read like those of one. */
  readonly link?: Link;
}

/** How many certificates of authorities are remembered, and how long each may be in octets. */
const REMEMBERED = 256;
const MAX_REMEMBERED_LENGTH = 8192;

/**
 * Trust anchors, indexed once for many validations, and what those validations learnt of the authorities below.
 *
 * Of authorities that stood in a path that was accepted, at most 256, it remembers what their certificates say and which
 * keys were seen to have signed them, by the very bytes; so the next leaf below costs one signature. Make one for each set
 * of anchors and keep it. A new set of anchors is a new store.
 */
export class TrustStore {
  readonly anchors: readonly (Certificate | TrustAnchor)[];
  readonly #names = new NameKeys();
  readonly #bySubject = new Map<string, KnownAnchor[]>();
  readonly #byOctets = new Map<string, KnownAnchor>();
  readonly #links = new LruMap<string, Link>(REMEMBERED);
  /** Of each verifier by itself: what one takes for good is nothing to another. */
  readonly #signatures = new WeakMap<VerifySignature, LruMap<string, true>>();

  /** @throws TypeError for an anchor that is neither a certificate nor has a name and a key. */
  constructor(anchors: readonly (Certificate | TrustAnchor)[]) {
    this.anchors = anchors;
    for (const given of anchors) this.#add(given);
  }

  #add(given: Certificate | TrustAnchor): void {
    if (!(given.subject instanceof Uint8Array && given.subjectPublicKeyInfo instanceof Uint8Array))
      throw new TypeError('Cannot trust an anchor: it has no subject or no subjectPublicKeyInfo');
    const isCertificate = 'tbsCertificate' in given;
    if (isCertificate && this.#byOctets.has(octetText(given.der))) return;
    const anchor: KnownAnchor = {
      given,
      subject: this.#names.keyOf(given.subject),
      keyText: octetText(given.subjectPublicKeyInfo),
      ...(isCertificate && { link: new Link(given, this.#names) }),
    };
    if (isCertificate) this.#byOctets.set(octetText(given.der), anchor);
    const others = this.#bySubject.get(anchor.subject);
    if (others === undefined) this.#bySubject.set(anchor.subject, [anchor]);
    else others.push(anchor);
  }

  /** A text that is the same where names match. */
  nameKey(name: Uint8Array): string {
    return this.#names.keyOf(name);
  }

  /** Anchors whose name matches. */
  anchorsNamed(subject: string): readonly KnownAnchor[] {
    return this.#bySubject.get(subject) ?? [];
  }

  /** The anchor that is this very certificate. */
  anchorThatIs(certificate: Certificate): KnownAnchor | undefined {
    return this.#byOctets.size === 0 ? undefined : this.#byOctets.get(octetText(certificate.der));
  }

  /** A certificate with what is known of it. */
  linkOf(certificate: Certificate): Link {
    if (certificate.der.length > MAX_REMEMBERED_LENGTH) return new Link(certificate, this.#names);
    return this.#links.get(octetText(certificate.der)) ?? new Link(certificate, this.#names);
  }

  /** A leaf: of those too many come by to remember any. */
  leafLink(certificate: Certificate): Link {
    return new Link(certificate, this.#names);
  }

  isKnownSignature(verify: VerifySignature, issued: Link, issuerKey: string): boolean {
    return this.#signatures.get(verify)?.get(signatureKey(issued, issuerKey)) === true;
  }

  /** Remembers an authority of an accepted path, and that a key was seen to have signed it. */
  remember(verify: VerifySignature, issued: Link, issuerKey: string): void {
    const { der } = issued.certificate;
    if (der.length > MAX_REMEMBERED_LENGTH) return;
    const octets = octetText(der);
    // A copy: the input is the caller's, who may write something else there.
    if (this.#links.get(octets) === undefined)
      this.#links.set(octets, new Link(inspectCertificate(der.slice()), this.#names));
    let signatures = this.#signatures.get(verify);
    if (signatures === undefined) {
      signatures = new LruMap(REMEMBERED);
      this.#signatures.set(verify, signatures);
    }
    signatures.set(signatureKey(issued, issuerKey), true);
  }
}

/** The length keeps the two apart. */
const signatureKey = ({ certificate }: Link, issuerKey: string): string =>
  `${issuerKey.length} ${issuerKey}${octetText(certificate.der)}`;
