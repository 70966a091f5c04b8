import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generateKeySync } from '@mayfly/keys/node';
import { directory } from '../directory.js';
import type { RemoteContender } from '../measure.js';
import { OURS, type Outcome } from '../report.js';
import type { Measure } from '../suites.js';

/** The algorithms, and how their kernels are opened. */
const kernels = {
  'P-256': { subpath: 'p256', create: 'createP256', hash: 'sha256' },
  'P-384': { subpath: 'p384', create: 'createP384', hash: 'sha384' },
  Ed25519: { subpath: 'ed25519', create: 'createEd25519', hash: null },
} as const;

const message = Buffer.alloc(32, 7);

/** The first signature of a process, its modules imported: the kernel is compiled and makes its tables in that time. */
export async function outcomes(measure: Measure): Promise<readonly Outcome[]> {
  const all: Outcome[] = [];
  for (const [algorithm, { subpath, create, hash }] of Object.entries(kernels)) {
    const pkcs8 = generateKeySync(algorithm as keyof typeof kernels).exportPkcs8(); // a key of the table
    const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    const secret = Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64url').toString('hex');
    const publicKey = createPublicKey(privateKey);
    const fits = (signature: Buffer): void =>
      assert.ok(verify(hash, message, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature));
    const signed = hash === null ? 'message' : `createHash('${hash}').update(message).digest()`;
    const ours = `
      import { createHash } from 'node:crypto';
      import { ${create} } from '@mayfly/wasm/${subpath}';
      const message = Buffer.alloc(32, 7);
      const input = new Uint8Array(${signed});
      const secretKey = Uint8Array.from(Buffer.from('${secret}', 'hex'));
      const start = process.hrtime.bigint();
      const signature = ${create}().sign(input, secretKey);
      const end = process.hrtime.bigint();`;
    const theirs = `
      import { createPrivateKey, sign } from 'node:crypto';
      const message = Buffer.alloc(32, 7);
      const der = Buffer.from('${Buffer.from(pkcs8).toString('hex')}', 'hex');
      const start = process.hrtime.bigint();
      const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
      const signature = sign(${JSON.stringify(hash)}, message, { key, dsaEncoding: 'ieee-p1363' });
      const end = process.hrtime.bigint();`;
    const contenders = [ofProcesses(OURS, ours, fits), ofProcesses('node:crypto', theirs, fits)];
    all.push(...(await measure({ name: `cold/${subpath}`, contenders })));
  }
  return all;
}

/** Each run is a process of its own, which tells how long its first signature took. */
function ofProcesses(impl: string, code: string, fits: (signature: Buffer) => void): RemoteContender {
  const cwd = fileURLToPath(directory); // where the packages are found
  const told = `${code}
    console.log(JSON.stringify({ ns: Number(end - start), signature: Buffer.from(signature).toString('hex') }));`;
  const once = async (): Promise<number> => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', told], { cwd });
    const { ns, signature } = JSON.parse(stdout) as { readonly ns: number; readonly signature: string }; // as it is told
    fits(Buffer.from(signature, 'hex'));
    return ns;
  };
  return {
    impl,
    async slot(milliseconds) {
      const times: number[] = [];
      const start = performance.now();
      do times.push(await once());
      while (performance.now() - start < milliseconds);
      return times;
    },
    async check() {
      await once();
      return undefined;
    },
  };
}
