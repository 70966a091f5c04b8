import { type Oid, oid, sequence } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, readList, requireElements } from './find-extension.js';

/** `id-ce-policyMappings`. */
export const idCePolicyMappings: Oid = '2.5.29.33';

/** RFC 5280 §4.2.1.5: a policy of the issuer's domain and the one of the subject's that counts as the same. */
export interface PolicyMapping {
  readonly issuerDomainPolicy: Oid;
  readonly subjectDomainPolicy: Oid;
}

/**
 * Reads the pairs of policies that count as equivalent.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an empty list.
 */
export const policyMappings = (of: HasExtensions): readonly PolicyMapping[] | undefined =>
  readExtension(of, idCePolicyMappings, 'policyMappings', (reader) =>
    readList(reader.sequence(''), (list) => {
      const mapping = list.sequence('');
      const issuerDomainPolicy = mapping.oid('issuerDomainPolicy');
      const subjectDomainPolicy = mapping.oid('subjectDomainPolicy');
      mapping.end();
      return { issuerDomainPolicy, subjectDomainPolicy };
    }),
  );

/**
 * Writes them, critical as RFC 5280 §4.2.1.5 advises.
 * @throws RangeError for an empty list.
 */
export function policyMappingsExtension(mappings: readonly PolicyMapping[], critical: boolean = true): Extension {
  requireElements('policyMappings', mappings);
  return extensionOf(
    idCePolicyMappings,
    critical,
    sequence(
      ...mappings.map(({ issuerDomainPolicy, subjectDomainPolicy }) =>
        sequence(oid(issuerDomainPolicy), oid(subjectDomainPolicy)),
      ),
    ),
  );
}
