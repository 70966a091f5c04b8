import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { ChainCase } from '../chains.js';
import { momentOf, type ParseCase, type Peer, TIMEOUT, type Verdict } from './verdict.js';

/** What the thread is asked. */
export type PkiJsQuestion =
  | { readonly type: ParseCase['type']; readonly octets: Uint8Array }
  | {
      readonly anchors: readonly Uint8Array[];
      readonly intermediates: readonly Uint8Array[];
      readonly leaf: Uint8Array;
      readonly crls: readonly Uint8Array[];
      readonly at: Date;
      readonly policy: ChainCase['policy'];
    };

/** The engine of PKI.js. It looks for no name and no purpose; what a case asks of those is not asked. */
export function openPkiJs(): Peer & { readonly close: () => void } {
  let worker: Worker | undefined;
  let answered: ((verdict: Verdict) => void) | undefined;
  const start = (): Worker => {
    const started = new Worker(new URL('./pkijs-worker.ts', import.meta.url));
    started.on('message', (verdict: Verdict) => answered?.(verdict));
    started.on('error', () => answered?.('reject')); // it fell over, so it does not accept
    return started;
  };
  const ask = async (question: PkiJsQuestion): Promise<Verdict> => {
    worker ??= start();
    const asked = worker;
    let timer: NodeJS.Timeout | undefined;
    const verdict = await new Promise<Verdict>((resolve) => {
      answered = resolve;
      timer = setTimeout(() => resolve('hang'), TIMEOUT);
      asked.postMessage(question);
    });
    clearTimeout(timer);
    if (verdict === 'hang') {
      worker = undefined;
      await asked.terminate();
    }
    return verdict;
  };
  return {
    name: 'PKI.js',
    version: () => {
      const manifest = new URL('../package.json', import.meta.resolve('pkijs'));
      return (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly version: string }).version; // its own package.json
    },
    chain: (one, octets) =>
      ask({
        anchors: one.anchors.map(octets),
        intermediates: one.intermediates.map(octets),
        leaf: octets(one.leaf),
        crls: (one.crls ?? []).map(octets),
        at: momentOf(one),
        policy: one.policy,
      }),
    parse: ({ type }, octets) => ask({ type, octets }),
    close: () => void worker?.terminate(),
  };
}
