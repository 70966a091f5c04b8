/** Revocation lists and OCSP responses that Mayfly makes with every algorithm, judged by openssl, node:crypto and Go. */
import { spawnSync } from 'node:child_process';
import { createSecureContext } from 'node:tls';
import { encodePem } from '@mayfly/der/pem';
import { verifyWithNode } from '@mayfly/keys/node';
import { parseCertificate } from '@mayfly/x509';
import { createCRL, indexCRL, isSignedBy, parseCRL } from '@mayfly/x509/crl';
import {
  authorityKeyIdentifierExtension,
  cRLNumberExtension,
  issuingDistributionPointExtension,
  reasonCode,
  subjectKeyIdentifier,
} from '@mayfly/x509/extensions';
import {
  certID,
  checkOCSP,
  createOCSPResponse,
  encodeOCSPRequest,
  ocspNonce,
  parseOCSPRequest,
  parseOCSPResponse,
} from '@mayfly/x509/ocsp';
import type { SigningKey } from '@mayfly/x509/signed';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { algorithms, providers } from './algorithms.js';
import { certificatePem, makeArtefacts } from './artefacts.js';
import { openBench } from './bench.js';

const bench = openBench();
afterAll(bench.remove);

const hasGo = spawnSync('go', ['version']).status === 0;
const now = Math.floor(Date.UTC(2026, 5, 1) / 1000);
const at = String(now);

interface Made {
  readonly root: Uint8Array;
  readonly leaf: Uint8Array;
  readonly key: SigningKey;
}

const listOf = async ({ root, leaf, key }: Made, isRevoked: boolean): Promise<Uint8Array> => {
  const issuer = parseCertificate(root);
  return createCRL(
    {
      issuer: issuer.subject,
      thisUpdate: now - 60,
      nextUpdate: now + 3600,
      revocations: [
        { serialNumber: 3n, revocationDate: now - 120 },
        ...(isRevoked
          ? [
              {
                serialNumber: parseCertificate(leaf).serialNumber,
                revocationDate: now - 90,
                reason: 'keyCompromise' as const,
                invalidityDate: now - 600,
              },
            ]
          : []),
      ],
      extensions: [
        authorityKeyIdentifierExtension({ keyIdentifier: subjectKeyIdentifier(issuer)! }),
        cRLNumberExtension(1n),
        issuingDistributionPointExtension({ onlyContainsUserCerts: true }),
      ],
    },
    key,
  );
};

describe.each(algorithms)('$name', (algorithm) => {
  let made: Made;
  beforeAll(async () => {
    const key = await providers[0]!.load(algorithm);
    const { root, leaf } = await makeArtefacts(key);
    made = { root, leaf, key };
    bench.write('root.pem', certificatePem(root));
    bench.write('leaf.pem', certificatePem(leaf));
  });

  test('openssl verifies lists and goes by them', async () => {
    for (const isRevoked of [false, true]) {
      const list = await listOf(made, isRevoked);
      bench.write('list.pem', encodePem('X509 CRL', list));
      expect(isSignedBy(parseCRL(list), parseCertificate(made.root), verifyWithNode)).toBe(true);
      bench.run('openssl', 'crl', '-in', 'list.pem', '-CAfile', 'root.pem', '-noout', '-verify');
      const text = bench.run('openssl', 'crl', '-in', 'list.pem', '-noout', '-text');
      expect(text.includes('Key Compromise')).toBe(isRevoked);
      const verify = () =>
        bench.run(
          'openssl',
          'verify',
          '-attime',
          at,
          '-x509_strict',
          '-crl_check',
          '-CAfile',
          'root.pem',
          '-CRLfile',
          'list.pem',
          'leaf.pem',
        );
      if (isRevoked) expect(verify).toThrow(/certificate revoked/);
      else expect(verify()).toBe('leaf.pem: OK\n');
      createSecureContext({ crl: encodePem('X509 CRL', list) });
    }
  });

  test('openssl asks, Mayfly answers, openssl believes it', async () => {
    const [root, leaf] = [parseCertificate(made.root), parseCertificate(made.leaf)];
    bench.run('openssl', 'ocsp', '-issuer', 'root.pem', '-cert', 'leaf.pem', '-reqout', 'request.der');
    const request = parseOCSPRequest(new Uint8Array(bench.read('request.der')));
    expect(request.requestList[0]!.reqCert).toEqual(certID(leaf, root));
    for (const status of ['good', 'revoked', 'unknown'] as const) {
      const response = await createOCSPResponse(
        {
          responderID: { byName: root.subject },
          producedAt: now,
          certs: [made.root], // openssl looks for the signer here when it has -reqin
          answers: [
            {
              certID: request.requestList[0]!.reqCert,
              certStatus:
                status === 'revoked'
                  ? { status, revocationTime: now - 90, revocationReason: 'superseded' }
                  : { status },
              thisUpdate: now - 60,
              nextUpdate: now + 3600,
            },
          ],
          ...(ocspNonce(request) && { nonce: ocspNonce(request)! }),
        },
        made.key,
      );
      bench.write('response.der', response);
      const answer = ['-respin', 'response.der', '-CAfile', 'root.pem', '-attime', at];
      // With -reqin it compares nonces, with -cert it says what the answer is; it does not do both.
      bench.run('openssl', 'ocsp', ...answer, '-reqin', 'request.der');
      const asked = ['-issuer', 'root.pem', '-cert', 'leaf.pem', '-no_nonce', '-validity_period', '2000000000'];
      const text = bench.run('openssl', 'ocsp', ...answer, ...asked);
      expect(text).toContain(`leaf.pem: ${status}`);
      const check = { certificate: leaf, issuer: root, response: parseOCSPResponse(response), at: now };
      expect((await checkOCSP(check, verifyWithNode)).status).toBe(status);
    }
    expect(bench.run('openssl', 'ocsp', '-respin', 'response.der', '-resp_text', '-noverify')).toContain('unknown');
  });

  test('openssl reads requests', () => {
    const [root, leaf] = [parseCertificate(made.root), parseCertificate(made.leaf)];
    bench.write('asked.der', encodeOCSPRequest({ requests: [certID(leaf, root)], nonce: Uint8Array.of(1, 2, 3) }));
    expect(bench.run('openssl', 'ocsp', '-reqin', 'asked.der', '-req_text')).toContain('OCSP Nonce');
  });
});

test('Mayfly believes what openssl answers', async () => {
  const key = await providers[0]!.load(algorithms[0]!);
  const { root, leaf } = await makeArtefacts(key);
  const issuer = parseCertificate(root);
  const certificate = parseCertificate(leaf);
  bench.write('root.pem', certificatePem(root));
  bench.write('leaf.pem', certificatePem(leaf));
  bench.write('key.pem', encodePem('PRIVATE KEY', await key.exportPkcs8()));
  const serial = certificate.serialNumber.toString(16).toUpperCase();
  bench.write('index.txt', `R\t560101000000Z\t260101000000Z,keyCompromise\t${serial}\tunknown\t/CN=leaf\n`);
  bench.run('openssl', 'ocsp', '-issuer', 'root.pem', '-cert', 'leaf.pem', '-reqout', 'request.der');
  bench.run(
    'openssl',
    'ocsp',
    '-index',
    'index.txt',
    '-CA',
    'root.pem',
    '-rsigner',
    'root.pem',
    '-rkey',
    'key.pem',
    '-reqin',
    'request.der',
    '-respout',
    'response.der',
    '-ndays',
    '7',
  );
  const response = parseOCSPResponse(new Uint8Array(bench.read('response.der')));
  const nonce = ocspNonce(parseOCSPRequest(new Uint8Array(bench.read('request.der'))))!;
  const answered = response.response!.producedAt;
  const check = { certificate, issuer, response, at: answered, nonce };
  expect(await checkOCSP(check, verifyWithNode)).toEqual({
    status: 'revoked',
    revocationDate: Date.UTC(2026, 0, 1) / 1000,
    reason: 'keyCompromise',
  });
});

/** Milliseconds that Go may take to compile its crypto packages, once on a machine. */
const FIRST_COMPILATION = 180_000;

const program = `
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	for _, name := range os.Args[1:] {
		text, err := os.ReadFile(name + "-root.pem")
		check(err)
		block, _ := pem.Decode(text)
		root, err := x509.ParseCertificate(block.Bytes)
		check(err)
		der, err := os.ReadFile(name + ".crl")
		check(err)
		list, err := x509.ParseRevocationList(der)
		check(err)
		check(list.CheckSignatureFrom(root))
		fmt.Println(list.Number, len(list.RevokedCertificates))
	}
}
`;

test.skipIf(!hasGo)(
  `Go reads and verifies lists${hasGo ? '' : ': go is not installed'}`,
  { timeout: FIRST_COMPILATION },
  async () => {
    const names: string[] = [];
    for (const algorithm of algorithms) {
      const key = await providers[0]!.load(algorithm);
      const { root, leaf } = await makeArtefacts(key);
      const name = algorithm.name.replace(' ', '-');
      bench.write(`${name}-root.pem`, certificatePem(root));
      bench.write(`${name}.crl`, await listOf({ root, leaf, key }, true));
      names.push(name);
    }
    bench.write('main.go', program);
    bench.write('go.mod', 'module interop\n\ngo 1.19\n');
    const go = { GOFLAGS: '-mod=mod', GO111MODULE: 'on', GOTOOLCHAIN: 'local', GOPROXY: 'off', CGO_ENABLED: '0' };
    expect(bench.runWith(go, 'go', 'run', '.', ...names)).toBe('1 2\n'.repeat(names.length));
  },
);

test('an entry that openssl shows is the one that is found', async () => {
  const key = await providers[0]!.load(algorithms[0]!);
  const { root, leaf } = await makeArtefacts(key);
  const index = indexCRL(parseCRL(await listOf({ root, leaf, key }, true)));
  const [entry] = index.find(parseCertificate(leaf).serialNumber);
  expect(entry && [entry.revocationDate, reasonCode(entry)]).toEqual([now - 90, 'keyCompromise']);
});
