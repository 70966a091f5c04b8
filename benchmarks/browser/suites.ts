import type { Suite } from '../suites.js';

/** The suites that need neither files, processes nor a collector that can be called. */
export const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  parse: () => import('../suites/parse.js'),
  csr: () => import('../suites/csr.js'),
  'verify-csr': () => import('../suites/verify-csr.js'),
  issue: () => import('../suites/issue.js'),
  request: () => import('../suites/request.js'),
  batch: () => import('../suites/batch.js'),
  sign: () => import('../suites/sign.js'),
  verify: () => import('../suites/verify.js'),
  path: () => import('../suites/path.js'),
};
