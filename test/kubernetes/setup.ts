import type { TestProject } from 'vitest/node';
import { buildBinary } from './binary.js';
import { startCluster } from './cluster.js';
import { chosenRelease } from './release.js';

/** One cluster for all suites of a run; it ends with them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binary = await buildBinary(chosenRelease(), (line) => console.error(line));
  if (binary === undefined) throw new Error('Cannot run the suites: there is no Go to build Kubernetes with');
  const cluster = await startCluster(binary);
  project.provide('cluster', {
    port: cluster.port,
    directory: cluster.directory,
    authority: cluster.authority.credential,
    admin: cluster.adminCredential,
  });
  return cluster.stop;
}
