import type { Binary } from './binary.js';
import type { Credential } from './certificates.js';
import { type Client, createClient, type Identity } from './client.js';

/** What the suites are told of the cluster that runs for all of them. */
export interface ClusterAddress {
  readonly port: number;
  /** Of the cluster's files. */
  readonly directory: string;
  readonly authority: Credential;
  readonly admin: Credential;
  /** Certificates of two nodes. */
  readonly nodes: Readonly<Record<'node1' | 'node2', Credential>>;
  /** For example 36. */
  readonly minor: number;
  /** For clusters of a suite's own. */
  readonly binary: Binary;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly cluster: ClusterAddress;
  }
}

/** A client of the cluster that runs for all suites. */
export const clientOf = ({ port, authority }: ClusterAddress, identity: Identity): Client =>
  createClient(port, authority.certificate, identity);

/** An administrator of it. */
export const adminOf = (cluster: ClusterAddress): Client => clientOf(cluster, cluster.admin);
