import {
  contextConstructedTag,
  contextTag,
  type DerNode,
  type DerReader,
  implicit,
  type Oid,
  sequence,
} from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type GeneralName, generalNameNode, readGeneralName } from '../general-name/codec.js';
import { extensionOf, readExtension, readList, refuseValue, requireElements } from './find-extension.js';

/** `id-ce-nameConstraints`. */
export const idCeNameConstraints: Oid = '2.5.29.30';

/** RFC 5280 §4.2.1.10: `minimum` is 0 and `maximum` absent there, so the base is all there is. */
export interface GeneralSubtree {
  /** An iPAddress has a mask behind the address: 8 or 32 octets. */
  readonly base: GeneralName;
}

/** RFC 5280 §4.2.1.10. At least one of the two is present. */
export interface NameConstraints {
  readonly permittedSubtrees?: readonly GeneralSubtree[];
  readonly excludedSubtrees?: readonly GeneralSubtree[];
}

/**
 * Reads which names certificates below may and may not have.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_GENERAL_NAME` for addresses of a wrong length;
 * `ERR_X509_EXTENSION` for empty lists, a minimum other than 0, a maximum, and a mask with holes.
 */
export const nameConstraints = (of: HasExtensions): NameConstraints | undefined =>
  readExtension(of, idCeNameConstraints, 'nameConstraints', (reader) => {
    const constraints = reader.sequence('');
    const start = constraints.offset;
    const permittedSubtrees =
      constraints.peek() === contextConstructedTag(0)
        ? readList(constraints.sequence('permittedSubtrees', contextConstructedTag(0)), readSubtree)
        : undefined;
    const excludedSubtrees =
      constraints.peek() === contextConstructedTag(1)
        ? readList(constraints.sequence('excludedSubtrees', contextConstructedTag(1)), readSubtree)
        : undefined;
    constraints.end();
    if (permittedSubtrees === undefined && excludedSubtrees === undefined)
      refuseValue(constraints, start, 'neither permitted nor excluded subtrees');
    return { ...(permittedSubtrees && { permittedSubtrees }), ...(excludedSubtrees && { excludedSubtrees }) };
  });

function readSubtree(list: DerReader): GeneralSubtree {
  const subtree = list.sequence('');
  const start = subtree.offset;
  const base = readGeneralName(subtree, 'base', true);
  if (subtree.peek() === contextTag(0) && subtree.integer('minimum', contextTag(0)) !== 0n)
    refuseValue(subtree, start, 'minimum is not 0');
  if (subtree.peek() === contextTag(1)) refuseValue(subtree, start, 'maximum is present');
  subtree.end();
  if (base.type === 'iPAddress' && !hasContiguousMask(base.value)) refuseValue(subtree, start, 'the mask has holes');
  return { base };
}

/** Whether octets are an address with a mask of as many (RFC 5280 §4.2.1.10). */
export const isAddressAndMask = (octets: Uint8Array): boolean =>
  (octets.length === 8 || octets.length === 32) && hasContiguousMask(octets);

/** Whether the second half is ones and then zeros. */
function hasContiguousMask(addressAndMask: Uint8Array): boolean {
  const mask = addressAndMask.subarray(addressAndMask.length / 2);
  const bits = Array.from(mask, (octet) => octet.toString(2).padStart(8, '0')).join('');
  return !bits.includes('01');
}

/**
 * Writes them, critical as RFC 5280 §4.2.1.10 asks.
 * @throws RangeError for empty lists.
 */
export function nameConstraintsExtension(
  { permittedSubtrees, excludedSubtrees }: NameConstraints,
  critical: boolean = true,
): Extension {
  requireElements('nameConstraints', [...(permittedSubtrees ?? []), ...(excludedSubtrees ?? [])]);
  return extensionOf(
    idCeNameConstraints,
    critical,
    sequence(
      permittedSubtrees && implicit(0, subtreesNode(permittedSubtrees)),
      excludedSubtrees && implicit(1, subtreesNode(excludedSubtrees)),
    ),
  );
}

function subtreesNode(subtrees: readonly GeneralSubtree[]): DerNode {
  requireElements('GeneralSubtrees', subtrees);
  return sequence(...subtrees.map(({ base }) => sequence(generalNameNode(base))));
}
