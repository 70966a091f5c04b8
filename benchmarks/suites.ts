import type { Case, Measurement } from './measure.js';
import type { Effort, Outcome } from './report.js';

/** Times one case. */
export type Measure = (aCase: Case) => Promise<readonly Measurement[]>;

/** What a module in `suites` exports: makes its inputs, has its cases timed, and tells how they came out. */
export interface Suite {
  readonly outcomes: (measure: Measure, effort: Effort) => Promise<readonly Outcome[]>;
}

/** What is known of a suite before it is loaded. */
export interface SuiteEntry {
  readonly name: string;
  readonly question: string;
  /** Whether a quick look has time for it. */
  readonly quick: boolean;
  /** Loads the peers of this suite and no others. */
  readonly load: () => Promise<Suite>;
}

/** Every suite. */
export const suites: readonly SuiteEntry[] = [
  {
    name: 'parse',
    question: 'a certificate, to its subject, subjectAltName and validity',
    quick: true,
    load: () => import('./suites/parse.js'),
  },
  {
    name: 'csr',
    question: 'a request: made with a key at hand, and read',
    quick: true,
    load: () => import('./suites/csr.js'),
  },
  {
    name: 'verify-csr',
    question: 'a request: read, its signature checked',
    quick: true,
    load: () => import('./suites/verify-csr.js'),
  },
  {
    name: 'issue',
    question: 'a P-256 leaf: all but the signature, and with it',
    quick: true,
    load: () => import('./suites/issue.js'),
  },
  {
    name: 'request',
    question: 'from a request, its signature checked, to a leaf',
    quick: true,
    load: () => import('./suites/request.js'),
  },
  {
    name: 'batch',
    question: 'leaves that are signed together, by the size of the batch',
    quick: true,
    load: () => import('./suites/batch.js'),
  },
  {
    name: 'sign',
    question: 'signatures and keys by WebAssembly, one by one and in batches',
    quick: true,
    load: () => import('./suites/sign.js'),
  },
  {
    name: 'verify',
    question: 'signatures of keys that are known and unknown, by WebAssembly',
    quick: true,
    load: () => import('./suites/verify.js'),
  },
  {
    name: 'path',
    question: 'a chain of root, intermediate and leaf validated: below known authorities, and cold',
    quick: true,
    load: () => import('./suites/path.js'),
  },
  {
    name: 'hash',
    question: 'SHA-2, PBKDF2 and RSA verification in WebAssembly',
    quick: true,
    load: () => import('./suites/hash.js'),
  },
  {
    name: 'pkcs12',
    question: 'a key store: opened and made, with 2,048 and 600,000 iterations',
    quick: true,
    load: () => import('./suites/pkcs12.js'),
  },
  {
    name: 'crl',
    question: 'a revocation list of a million entries: read and indexed, and looked up',
    quick: false,
    load: () => import('./suites/crl.js'),
  },
  {
    name: 'schedule',
    question: 'a million entries: planned and taken out when due, and their memory',
    quick: false,
    load: () => import('./suites/schedule.js'),
  },
  {
    name: 'rotate',
    question: 'a rotation from a new key to the files of a workload',
    quick: true,
    load: () => import('./suites/rotate.js'),
  },
  {
    name: 'start-up',
    question: 'Node started and what a job needs imported',
    quick: true,
    load: () => import('./suites/start-up.js'),
  },
  {
    name: 'cold',
    question: 'the first signature of a process, by WebAssembly',
    quick: true,
    load: () => import('./suites/cold.js'),
  },
  {
    name: 'size',
    question: 'what a page loads for a job, gzipped',
    quick: true,
    load: () => import('./suites/size.js'),
  },
  {
    name: 'memory',
    question: 'memory of a certificate that was read and is kept',
    quick: true,
    load: () => import('./suites/memory.js'),
  },
];
