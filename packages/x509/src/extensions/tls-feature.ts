import { integer, type Oid, sequence } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, readList, refuseValue, requireElements } from './find-extension.js';

/** `id-pe-tlsfeature`. */
export const idPeTLSFeature: Oid = '1.3.6.1.5.5.7.1.24';

/** Numbers of TLS extensions that are used as features (RFC 7633 §4.2.2): 5 is "must staple". */
export const tlsFeatures = { status_request: 5, status_request_v2: 17 } as const;

/**
 * Reads the TLS extensions that a server with this certificate must support (RFC 7633 §4), as their numbers.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an empty list and numbers outside 0 to 65535.
 */
export const tlsFeature = (of: HasExtensions): readonly number[] | undefined =>
  readExtension(of, idPeTLSFeature, 'tlsFeature', (reader) =>
    readList(reader.sequence(''), (list) => {
      const start = list.offset;
      const feature = list.smallInteger('');
      if (feature < 0 || feature > 0xffff) refuseValue(list, start, `no TLS extension has the number ${feature}`);
      return feature;
    }),
  );

/**
 * Writes it.
 * @throws RangeError for an empty list and numbers outside 0 to 65535.
 */
export function tlsFeatureExtension(features: readonly number[], critical: boolean = false): Extension {
  requireElements('tlsFeature', features);
  if (features.some((feature) => feature < 0 || feature > 0xffff))
    throw new RangeError('Cannot encode tlsFeature: no TLS extension has a number outside 0 to 65535');
  return extensionOf(idPeTLSFeature, critical, sequence(...features.map(integer)));
}
