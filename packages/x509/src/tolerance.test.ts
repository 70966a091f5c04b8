import {
  bitString,
  boolean,
  type Child,
  DerError,
  type DerNode,
  encode,
  equalBytes,
  explicit,
  generalizedTime,
  integer,
  octetString,
  oid,
  sequence,
} from '@mayfly/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Certificate, encodeTBSCertificate, inspectCertificate, parseCertificate } from './certificate.js';
import { X509Error } from './errors.js';
import { extensionsNode } from './extension.js';
import { subjectAltName, subjectAltNameExtension } from './extensions.js';
import { buildName, encodeName, nameNode, parseName } from './name.js';
import { assemble } from './signed.js';
import { validityNode } from './validity.js';

const algorithm = sequence(oid('1.3.101.112'));
const spki = sequence(algorithm, bitString(new Uint8Array(32)));
const name = nameNode(buildName({ organization: 'Example', commonName: 'a' }));
const names = subjectAltNameExtension([{ type: 'dNSName', value: 'a.example' }]);

interface Parts {
  readonly serialNumber?: DerNode;
  readonly validity?: DerNode;
  readonly extensions?: Child;
}

/** A certificate whose parts are as given, with a signature of zeros. */
function certificate({
  serialNumber = integer(1),
  validity,
  extensions = extensionsNode([names]),
}: Parts = {}): Uint8Array {
  const tbs = sequence(
    explicit(0, integer(2)),
    serialNumber,
    algorithm,
    name,
    validity ?? validityNode({ notBefore: 0, notAfter: 1 }),
    name,
    spki,
    extensions && explicit(3, extensions),
  );
  return encode(sequence(tbs, algorithm, bitString(new Uint8Array(64))));
}

/** Writes a certificate again from what was read. */
const rewrite = (parsed: Certificate): Uint8Array =>
  assemble({
    ...parsed,
    tbs: encodeTBSCertificate({
      ...parsed,
      signature: parsed.signatureAlgorithm,
      issuer: encodeName(parseName(parsed.issuer)),
      subject: encodeName(parseName(parsed.subject)),
    }),
  });

describe('what is read although it is not what RFC 5280 asks for', () => {
  test('critical FALSE written out', () => {
    const extension = sequence(oid(names.extnID), boolean(false), octetString(names.extnValue));
    expect(parseCertificate(certificate({ extensions: sequence(extension) })).extensions).toEqual([names]);
  });

  test('an empty list of extensions', () => {
    expect(parseCertificate(certificate({ extensions: sequence() })).extensions).toEqual([]);
  });

  test('GeneralizedTime before 2050', () => {
    const validity = sequence(generalizedTime(0), generalizedTime(1));
    expect(parseCertificate(certificate({ validity })).validity).toEqual({ notBefore: 0, notAfter: 1 });
  });

  test.each([0n, -1n, 1n << 200n])('serial number %d, by inspectCertificate alone', (value) => {
    const der = certificate({ serialNumber: integer(value) });
    expect(inspectCertificate(der).serialNumber).toBe(value);
    expect(() => parseCertificate(der)).toThrow(expect.objectContaining({ code: 'ERR_X509_SERIAL_NUMBER' }));
  });
});

describe('damaged certificates', () => {
  const whole = certificate();

  test('the whole one is read and written again', () => {
    expect(rewrite(parseCertificate(whole))).toEqual(whole);
  });

  test('every prefix is refused at a place inside it', () => {
    for (let length = 0; length < whole.length; length++) {
      try {
        parseCertificate(whole.subarray(0, length));
        expect.unreachable(`${length} octets are accepted`);
      } catch (error) {
        if (!(error instanceof DerError)) throw error;
        expect(error.offset).toBeLessThanOrEqual(length);
      }
    }
  });

  test('with one octet changed it is refused by a typed error, or is itself what would be written', () => {
    const change = fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, mask]) => {
        const changed = whole.slice();
        changed[at]! ^= mask;
        try {
          const parsed = parseCertificate(changed);
          const rewritten = rewrite(parsed);
          subjectAltName(parsed);
          expect(equalBytes(rewritten, changed)).toBe(true);
        } catch (error) {
          if (!(error instanceof DerError || error instanceof X509Error)) throw error;
        }
      }),
      { seed: 5280, numRuns: 5000 },
    );
  });
});
