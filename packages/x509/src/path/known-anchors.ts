import { equalBytes } from '@mayfly/der';
import { type Certificate, inspectCertificate } from '../certificate.js';
import { OctetMap } from '../octet-map.js';
import type { VerifySignature } from '../signed.js';
import { Link } from './link.js';
import { prepareConstraints } from './name-constraints.js';
import { NameKeys } from './name-keys.js';
import { isFault } from './refusal.js';
import type { TrustAnchor } from './trust-anchor.js';

/** An anchor prepared for searches. */
export interface KnownAnchor {
  readonly given: Certificate | TrustAnchor;
  readonly subject: string;
  /** Where the anchor is a certificate. */
  readonly link?: Link;
}

/** How many certificates of authorities are remembered, and how long each may be in octets. */
const REMEMBERED = 256;
const MAX_REMEMBERED_LENGTH = 8192;

/** What is in a {@link TrustStore}: anchors by name, and what validations learnt of the authorities below. */
export class KnownAnchors {
  readonly #names = new NameKeys();
  readonly #bySubject = new Map<string, KnownAnchor[]>();
  readonly #links = new OctetMap<Link>(REMEMBERED);
  /** Keys that signed remembered certificates; of each verifier by itself, for what one takes for good is nothing to another. */
  readonly #signers = new WeakMap<VerifySignature, WeakMap<Link, Uint8Array>>();

  /** @throws TypeError as {@link TrustStore}. */
  constructor(anchors: readonly (Certificate | TrustAnchor)[]) {
    for (const given of anchors) this.#add(given);
  }

  #add(given: Certificate | TrustAnchor): void {
    const { subject: name, subjectPublicKeyInfo } = given;
    if (!(name instanceof Uint8Array && subjectPublicKeyInfo instanceof Uint8Array))
      throw new TypeError('Cannot trust an anchor: it has no subject or no subjectPublicKeyInfo');
    const isCertificate = 'tbsCertificate' in given;
    const constraints = isCertificate ? undefined : given.nameConstraints && prepareConstraints(given.nameConstraints);
    if (constraints !== undefined && isFault(constraints))
      throw new TypeError(`Cannot trust an anchor: ${constraints.message}`);
    const subject = this.#names.keyOf(name);
    const others = this.#bySubject.get(subject) ?? [];
    if (isCertificate && others.some(({ link }) => link && equalBytes(link.certificate.der, given.der))) return;
    others.push({
      given,
      subject,
      ...(isCertificate && { link: new Link(given, this.#names) }),
    });
    this.#bySubject.set(subject, others);
  }

  /** A text that is the same where names match. */
  nameKey(name: Uint8Array): string {
    return this.#names.keyOf(name);
  }

  /** Anchors whose name matches. */
  anchorsNamed(subject: string): readonly KnownAnchor[] {
    return this.#bySubject.get(subject) ?? NONE;
  }

  /** The anchor that is this very certificate. */
  anchorThatIs({ subject, certificate }: Link): KnownAnchor | undefined {
    return this.anchorsNamed(subject).find(({ link }) => link && equalBytes(link.certificate.der, certificate.der));
  }

  /**
   * A certificate with what is known of it. One that may be remembered is copied now, before its signature is checked: the
   * input is the caller's, who may write something else there while a verifier runs.
   */
  linkOf(certificate: Certificate): Link {
    const { der } = certificate;
    if (der.length > MAX_REMEMBERED_LENGTH) return new Link(certificate, this.#names);
    return this.#links.get(der) ?? new Link(inspectCertificate(der.slice()), this.#names);
  }

  /** A leaf: of those too many come by to remember any. */
  leafLink(certificate: Certificate): Link {
    return new Link(certificate, this.#names);
  }

  isKnownSignature(verify: VerifySignature, issued: Link, issuerKey: Uint8Array): boolean {
    const signer = this.#signers.get(verify)?.get(issued);
    return signer !== undefined && equalBytes(signer, issuerKey);
  }

  /**
   * Remembers an authority of an accepted path, and which key was seen to have signed it.
   * @param issued - Made by {@link linkOf}.
   */
  remember(verify: VerifySignature, issued: Link, issuerKey: Uint8Array): void {
    const { der } = issued.certificate;
    if (der.length > MAX_REMEMBERED_LENGTH || this.isKnownSignature(verify, issued, issuerKey)) return;
    let link = this.#links.get(der);
    if (link === undefined) {
      link = issued;
      this.#links.set(der, link);
    }
    let signers = this.#signers.get(verify);
    if (signers === undefined) {
      signers = new WeakMap();
      this.#signers.set(verify, signers);
    }
    signers.set(link, issuerKey.slice());
  }
}

const NONE: readonly KnownAnchor[] = [];
