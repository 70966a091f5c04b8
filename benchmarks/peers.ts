import { buildGo } from './adapters/go.js';
import { findPython } from './adapters/python.js';
import { buildRust } from './adapters/rust.js';
import { type Part, part } from './parts.js';
import { type RemoteInput, type RemoteJob, remote } from './remote.js';

/** Libraries of other languages, each in a process of its own. */
export interface Peers {
  /**
   * Those that can do a job, and why the others that could are not here.
   * @param check - Throws unless what one run makes, read from JSON, is right.
   */
  parts(job: RemoteJob, input: RemoteInput, check: (result: unknown) => void): readonly Part[];
  /** Ends every process. */
  close(): void;
}

/** Builds what has to be built. */
function openPeers(): Peers {
  const found = [buildGo(), buildRust(), findPython()].map((each) =>
    'reason' in each ? each : { impl: each.impl, jobs: each.jobs, remote: remote(each) },
  );
  return {
    parts: (job, input, check) =>
      found
        .filter(({ jobs }) => jobs.includes(job))
        .map((each) =>
          part(each.impl, 'reason' in each ? each.reason : each.remote, (peer) => peer.contender(job, input, check)),
        ),
    close() {
      for (const each of found) if ('remote' in each) each.remote.close();
    },
  };
}

/** Does something with the peers, and ends them in any case. */
export async function withPeers<T>(use: (peers: Peers) => Promise<T>): Promise<T> {
  const peers = openPeers();
  try {
    return await use(peers);
  } finally {
    peers.close();
  }
}

/** Octets of a result, which travel as base64. */
export const octetsOf = (result: unknown): Uint8Array => new Uint8Array(Buffer.from(String(result), 'base64'));
