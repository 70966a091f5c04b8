import { amount, OURS, type Report } from '../report.js';
import { figures } from '../table.js';

/** A case that stands for a suite, in the words of who wants it done. */
interface Choice {
  readonly suite: string;
  readonly name: string;
  readonly job: string;
  /** Whether node:crypto does no more here than sign: what no peer can undercut. */
  readonly bare?: true;
  /** Which of ours, where it is not the one that is called `mayfly`. */
  readonly ours?: string;
}

const choices: readonly Choice[] = [
  { suite: 'parse', name: 'parse/leaf', job: 'certificate to subject, SANs and validity' },
  { suite: 'csr', name: 'csr/create', job: 'request with names, P-256 key at hand', bare: true },
  { suite: 'csr', name: 'csr/parse', job: 'request read' },
  { suite: 'verify-csr', name: 'verify-csr/p256', job: 'request read, its signature checked' },
  { suite: 'issue', name: 'issue/overhead', job: 'prepare, lint and complete, no signature' },
  { suite: 'issue', name: 'issue/p256', job: 'a leaf, signed by WebAssembly', bare: true },
  {
    suite: 'issue',
    name: 'issue/p256',
    job: 'a leaf, signed by node:crypto',
    bare: true,
    ours: 'mayfly with a node:crypto key',
  },
  { suite: 'issue', name: 'issueMany/p256', job: 'a leaf of a batch of 256', bare: true },
  { suite: 'request', name: 'request/p256', job: 'request, its signature checked, to leaf' },
  { suite: 'path', name: 'path/chain3', job: 'chain of three, authorities known' },
  { suite: 'path', name: 'path/chain3/cold', job: 'the same, authorities never met' },
  { suite: 'pkcs12', name: 'pkcs12/open/2048', job: 'key store opened, 2,048 iterations' },
  { suite: 'crl', name: 'crl/million', job: 'list of a million revocations, indexed' },
  { suite: 'schedule', name: 'schedule/million', job: 'a million entries planned and taken out' },
  { suite: 'rotate', name: 'rotate/p256', job: 'one rotation: key, request, leaf, files' },
  { suite: 'start-up', name: 'start-up/csr', job: 'start-up of Node with what makes a request' },
  { suite: 'size', name: 'size/csr', job: 'request made in a page, gzipped' },
  { suite: 'memory', name: 'memory/leaf', job: 'memory of a certificate that was read' },
];

/** What stands for node:crypto where it does nothing but sign. */
const BARE = 'the bare signature';

/** Whether node:crypto only signs in a case. */
export const isBare = (name: string): boolean => choices.some((choice) => choice.bare && choice.name === name);

/** A case as the README shows it. */
export interface Headline {
  readonly suite: string;
  readonly job: string;
  /** Median, or octets. */
  readonly mayfly: string;
  /** From the quickest to the slowest. */
  readonly peers: readonly {
    readonly impl: string;
    readonly figure: string;
    /** The peer's time or octets over ours. */
    readonly ratio: number;
  }[];
}

/** The headlines of what was measured. */
export const headlines = (reports: readonly Report[]): readonly Headline[] =>
  choices.flatMap(({ suite, name, job, bare, ours = OURS }) => {
    const cases = reports.find((report) => report.suite === suite)?.cases.filter((one) => one.name === name) ?? [];
    const mine = cases.find(({ impl }) => impl === ours);
    if (mine === undefined) return [];
    const peers = cases
      .filter(({ impl }) => !impl.startsWith(OURS))
      .map((one) => ({
        impl: bare && one.impl === 'node:crypto' ? BARE : one.impl,
        figure: figures(one)[0],
        ratio: amount(one) / amount(mine),
      }))
      .sort((a, b) => a.ratio - b.ratio);
    return [{ suite, job, mayfly: figures(mine)[0], peers }];
  });
