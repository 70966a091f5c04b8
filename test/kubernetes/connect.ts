import type { Credential } from './certificates.js';
import { type Client, createClient } from './client.js';

/** What the suites are told of the cluster that runs for all of them. */
export interface ClusterAddress {
  readonly port: number;
  /** Of the cluster's files. */
  readonly directory: string;
  readonly authority: Credential;
  readonly admin: Credential;
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly cluster: ClusterAddress;
  }
}

/** An administrator of the cluster that runs for all suites. */
export const adminOf = ({ port, authority, admin }: ClusterAddress): Client =>
  createClient(port, authority.certificate, admin);
