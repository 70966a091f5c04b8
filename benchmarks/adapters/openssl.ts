import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { RemoteContender } from '../measure.js';
import type { Part } from '../parts.js';
import { pinning, reasonOf } from '../remote.js';

const impl = 'openssl';
const names = { 'P-256': 'ecdsap256', 'P-384': 'ecdsap384', Ed25519: 'ed25519' } as const;

/** Claimed for the run that is checked, so that there is time for three slots: `openssl speed` knows none shorter than a second. */
const CLAIMED_NS = 0.6e9;

/**
 * OpenSSL's library as its own `openssl speed` measures it, on one core. Of everything else its program starts anew each time, which
 * takes longer than the job.
 */
export function opensslSpeed(algorithm: keyof typeof names, operation: 'sign' | 'verify'): Part {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
  } catch (error) {
    return { impl, reason: reasonOf('openssl', error) };
  }
  return remote(names[algorithm], operation);
}

function remote(name: string, operation: 'sign' | 'verify'): RemoteContender {
  const [program, ...args] = [...pinning(), 'openssl', 'speed', '-mr', '-elapsed', '-seconds', '1', name];
  const nanoseconds = async (): Promise<number> => {
    const { stdout } = await promisify(execFile)(program!, args); // openssl at least
    // +F4:<number>:<bits>:<signatures a second>:<verifications a second>, with F6 for EdDSA
    const [, signing, verifying] = stdout.match(/^\+F[46]:\d+:\d+:.*?([\d.]+):([\d.]+)$/m) ?? [];
    const found = Number(operation === 'sign' ? signing : verifying);
    if (!(found > 0))
      throw new Error(`Cannot measure ${name}: openssl speed said ${JSON.stringify(stdout.slice(0, 200))}`);
    return 1e9 / found;
  };
  return {
    impl,
    slot: async (milliseconds) => (milliseconds === 0 ? [] : [await nanoseconds()]),
    check: async () => CLAIMED_NS,
  };
}
