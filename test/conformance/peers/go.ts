import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstLine } from './command.js';
import { momentOf, nameOf, type Peer, purposeOf, type Verdict } from './verdict.js';

const source = fileURLToPath(new URL('./go/', import.meta.url));

/** crypto/x509: it has neither revocation in paths nor a depth that can be set, and of policies no mapping inputs. */
export function openGo(): Peer & { readonly close: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-conformance-'));
  const program = join(directory, 'peer');
  const ask = (question: object): Verdict => {
    try {
      const input = JSON.stringify(question, (_key, value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
      );
      return execFileSync(program, { input, encoding: 'utf8', timeout: 5000 }).trim() as Verdict; // its only words
    } catch {
      return 'reject'; // it hung or fell over
    }
  };
  return {
    name: 'Go',
    version: () => {
      const version = firstLine('go', 'version')?.split(' ')[2]?.slice(2);
      if (version !== undefined) execFileSync('go', ['build', '-o', program, '.'], { cwd: source });
      return version;
    },
    chain: (one, octets) => {
      if (one.revocation !== undefined || one.maxChainDepth !== undefined) return 'skip';
      const name = nameOf(one);
      if (name?.type === 'rfc822') return 'skip';
      return ask({
        Anchors: one.anchors.map(octets),
        Intermediates: one.intermediates.map(octets),
        Leaf: octets(one.leaf),
        Time: momentOf(one).toISOString(),
        Purpose: purposeOf(one),
        Name: name?.value ?? '',
      });
    },
    parse: ({ type }, octets) => ask({ Type: type, DER: octets }),
    close: () => rmSync(directory, { recursive: true }),
  };
}
