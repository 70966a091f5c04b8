import type { Certificate } from '../certificate.js';
import { KnownAnchors } from './known-anchors.js';
import type { TrustAnchor } from './trust-anchor.js';

/**
 * Trust anchors, indexed once for many validations, and what those validations learnt of the authorities below.
 *
 * Of authorities that stood in a path that was accepted, at most 256, it remembers what their certificates say and which
 * key was seen to have signed them, by the very bytes; so the next leaf below costs one signature. Make one for each set
 * of anchors and keep it. A new set of anchors is a new store.
 */
export class TrustStore {
  readonly anchors: readonly (Certificate | TrustAnchor)[];

  /** @throws TypeError for an anchor that is neither a certificate nor has a name and a key, or whose constraints are malformed. */
  constructor(anchors: readonly (Certificate | TrustAnchor)[]) {
    this.anchors = anchors;
    contents.set(this, new KnownAnchors(anchors));
  }
}

/** Kept beside the stores, so that what searches learn is nobody else's business. */
const contents = /* @__PURE__ */ new WeakMap<TrustStore, KnownAnchors>();

/** The anchors of a store, or of a list, which is then indexed for this one call. */
export const knownAnchors = (anchors: TrustStore | readonly (Certificate | TrustAnchor)[]): KnownAnchors =>
  anchors instanceof TrustStore ? contents.get(anchors)! : new KnownAnchors(anchors); // set by the constructor
