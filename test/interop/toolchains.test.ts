/** Certificates of every algorithm, read by Go's crypto/x509 and Java's keytool where they are installed. */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { algorithms, providers } from './algorithms.js';
import { type Artefacts, certificatePem, makeArtefacts, requestPem } from './artefacts.js';
import { openBench } from './bench.js';

const bench = openBench();
afterAll(bench.remove);

const hasGo = spawnSync('go', ['version']).status === 0;
const hasKeytool = spawnSync('keytool', ['-help']).error === undefined;

const made: { readonly name: string; readonly artefacts: Artefacts }[] = [];
beforeAll(async () => {
  const [node] = providers;
  for (const algorithm of algorithms)
    made.push({ name: algorithm.name, artefacts: await makeArtefacts(await node!.load(algorithm)) });
});

/** Milliseconds that Go may take to compile its crypto packages, once on a machine. */
const FIRST_COMPILATION = 180_000;

/** Verifies the chain of each directory argument and the request, and prints what it read on one line. */
const program = `
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

func read(path string) []byte {
	text, err := os.ReadFile(path)
	check(err)
	block, _ := pem.Decode(text)
	return block.Bytes
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func main() {
	for _, name := range os.Args[1:] {
		root, err := x509.ParseCertificate(read(name + "-root.pem"))
		check(err)
		leaf, err := x509.ParseCertificate(read(name + "-leaf.pem"))
		check(err)
		request, err := x509.ParseCertificateRequest(read(name + "-request.pem"))
		check(err)
		check(request.CheckSignature())
		roots := x509.NewCertPool()
		roots.AddCert(root)
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: "a.web.example"})
		check(err)
		fmt.Println(leaf.Subject, leaf.SerialNumber, leaf.DNSNames, leaf.IPAddresses, leaf.URIs, request.EmailAddresses)
	}
}
`;

const goName = `Go reads and verifies certificates and requests${hasGo ? '' : ': go is not installed'}`;
test.skipIf(!hasGo)(goName, { timeout: FIRST_COMPILATION }, () => {
  const names = made.map(({ name }) => name.replace(' ', '-'));
  for (const [i, { artefacts }] of made.entries()) {
    bench.write(`${names[i]}-root.pem`, certificatePem(artefacts.root));
    bench.write(`${names[i]}-leaf.pem`, certificatePem(artefacts.leaf));
    bench.write(`${names[i]}-request.pem`, requestPem(artefacts.request));
  }
  bench.write('main.go', program);
  bench.write('go.mod', 'module interop\n\ngo 1.20\n');
  const alternative = '[web.example *.web.example] [192.0.2.1] [spiffe://example/ns/default/sa/web] [web@example.com]';
  const line = `CN=web.example,OU=Web,O=Müller & Söhne,C=DE 9223372036854775809 ${alternative}\n`;
  const go = { GOFLAGS: '-mod=mod', GO111MODULE: 'on', GOTOOLCHAIN: 'local', GOPROXY: 'off', CGO_ENABLED: '0' };
  expect(bench.runWith(go, 'go', 'run', '.', ...names)).toBe(line.repeat(made.length));
});

test.skipIf(!hasKeytool)(`keytool reads certificates${hasKeytool ? '' : ': keytool is not installed'}`, () => {
  const chains = made.flatMap(({ artefacts }) => [artefacts.leaf, artefacts.root]);
  bench.write('chain.pem', chains.map(certificatePem).join(''));
  const printed = bench.run(
    'keytool',
    '-J-Dfile.encoding=UTF-8',
    '-J-Dstdout.encoding=UTF-8',
    '-printcert',
    '-file',
    'chain.pem',
  );
  const count = (text: string) => printed.split(text).length - 1;
  expect(count('Serial number: 8000000000000001')).toBe(made.length);
  expect(count('Issuer: CN=Root, O=Mayfly, C=DE')).toBe(2 * made.length);
  expect(count('DNSName: *.web.example')).toBe(made.length);
  expect(count('URIName: spiffe://example/ns/default/sa/web')).toBe(made.length);
  for (const algorithm of ['SHA256withECDSA', 'SHA384withECDSA', 'SHA512withECDSA', 'Ed25519', 'RSASSA-PSS'])
    expect(printed).toMatch(new RegExp(`Signature algorithm name: ${algorithm}`));
});
