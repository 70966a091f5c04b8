import type { Element } from '../der-tree.js';
import type { FaultDefinition } from './fault.js';

/** Path of the signed part. */
export const IN_TBS = 'certificate.tbsCertificate';

/** A fault in `certificates/leaf.pem` that reading the certificate shows. */
export const fault = (
  name: string,
  about: string,
  code: string,
  path: string | undefined,
  edit: (root: Element) => Element | undefined,
): FaultDefinition => ({
  name: `certificate-${name}`,
  about,
  of: 'certificates/leaf.pem',
  reader: 'certificate',
  code,
  ...(path !== undefined && { path }),
  edit,
});
