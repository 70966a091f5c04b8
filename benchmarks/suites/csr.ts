import assert from 'node:assert/strict';
import { fromPkcs8 } from '@mayfly/keys/node';
import { createCertificationRequestSync, parseCertificationRequest } from '@mayfly/pkcs10';
import { subjectAltNameExtension } from '@mayfly/x509/extensions';
import * as jsrsasign from '../adapters/jsrsasign.js';
import * as mayfly from '../adapters/mayfly.js';
import * as nodeCrypto from '../adapters/node-crypto.js';
import * as peculiar from '../adapters/peculiar-x509.js';
import * as pkijs from '../adapters/pkijs.js';
import { leafRequest, p256 } from '../fixtures.js';
import { type Identity, identity } from '../jobs.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';

/** Creating with a P-256 key at hand, beside the bare signature over as many octets; and reading. */
export async function outcomes(measure: Measure): Promise<readonly Outcome[]> {
  const key = await p256();
  const { subject, subjectAltName } = leafRequest(key.spki);
  const request = createCertificationRequestSync(
    { subject: subject!, extensions: [subjectAltNameExtension(subjectAltName)] },
    fromPkcs8(key.pkcs8),
  );
  const { certificationRequestInfo } = parseCertificationRequest(request);
  const makers = [mayfly, pkijs, peculiar, jsrsasign];
  const check = (found: Identity) => assert.deepEqual(found, identity);
  return [
    ...(await measure({
      name: 'csr/create',
      contenders: [
        ...makers.map(({ createRequest }) => createRequest(key, identity)),
        nodeCrypto.bareSignature(key, certificationRequestInfo.length),
      ],
    })),
    ...(await measure({
      name: 'csr/parse',
      contenders: makers.map(({ parseRequest }) => parseRequest(request, check)),
    })),
  ];
}
