import type { TestProject } from 'vitest/node';
import { buildBinary } from './binary.js';
import type { Credential } from './certificates.js';
import { type Cluster, startCluster } from './cluster.js';
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
    nodes: { node1: nodeCredential(cluster, 'node1'), node2: nodeCredential(cluster, 'node2') },
    minor: binary.minor,
    binary,
  });
  return cluster.stop;
}

const nodeCredential = ({ authority }: Cluster, name: string): Credential =>
  authority.client(`system:node:${name}`, ['system:nodes']);
