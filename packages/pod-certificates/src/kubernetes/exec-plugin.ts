import { execFile } from 'node:child_process';
import type { Seconds } from '@mayfly/der';
import { isObject } from '../json.js';
import { parseTimestamp } from '../timestamp.js';
import { KubernetesError } from './errors.js';
import type { ExecEntry } from './kubeconfig.js';

/** What an exec plugin gave. Secret. */
export interface ExecCredential {
  readonly token: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  /** `undefined`: until the server refuses them. */
  readonly expiresAt: Seconds | undefined;
}

/** Runs a program to its end and gives what it printed; replaced by tests. */
export type RunProgram = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
) => Promise<string>;

/** Seconds that a plugin may take. */
const PLUGIN_TIMEOUT: Seconds = 60;
const MAX_OUTPUT = 1 << 20;

/**
 * Runs programs without a shell; what they say on standard error goes where ours goes.
 * @param timeout - Seconds after which one is killed and not waited for any longer.
 */
export const programRunner =
  (timeout: Seconds): RunProgram =>
  (command, args, env) =>
    new Promise((resolve, reject) => {
      const child = execFile(command, [...args], { env, maxBuffer: MAX_OUTPUT }, (error, stdout) => {
        clearTimeout(timer);
        if (error === null) resolve(stdout);
        else reject(error);
      });
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        // What the program has started may hold them open.
        child.stdout?.destroy();
        child.stderr?.destroy();
        reject(Object.assign(new Error(), { code: 'ETIMEDOUT' }));
      }, timeout * 1000);
      child.stderr?.pipe(process.stderr, { end: false });
      child.stdin?.on('error', () => {}).end(); // a program that ends without reading is no fault
    });

export const runProgram: RunProgram = /* @__PURE__ */ programRunner(PLUGIN_TIMEOUT);

/** What a plugin is told of the cluster when it asks for it. */
export interface ExecCluster {
  readonly server: string;
  readonly 'tls-server-name'?: string;
  readonly 'insecure-skip-tls-verify'?: boolean;
  readonly 'certificate-authority-data'?: string;
  readonly 'proxy-url'?: string;
}

/**
 * Asks an exec plugin for credentials (client.authentication.k8s.io v1 and v1beta1).
 * @throws {@link KubernetesError} `ERR_KUBERNETES_CREDENTIALS` for a plugin that is not there, fails or answers something
 * else; what it printed is not repeated.
 */
export async function askExecPlugin(
  exec: ExecEntry,
  cluster: ExecCluster | undefined,
  env: Readonly<Record<string, string | undefined>>,
  run: RunProgram,
): Promise<ExecCredential> {
  const refuse = (state: string): KubernetesError =>
    new KubernetesError(
      'ERR_KUBERNETES_CREDENTIALS',
      'user.exec',
      `Cannot use credential plugin ${exec.command}: ${state}`,
    );
  const info = {
    apiVersion: exec.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(cluster !== undefined && { cluster }) },
  };
  let output: string;
  try {
    output = await run(exec.command, exec.args, { ...env, ...exec.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) });
  } catch (cause) {
    throw refuse(failureOf(cause, exec)); // the cause would tell arguments and what the plugin said
  }
  const credential = parseJson(output);
  if (!isObject(credential) || credential['kind'] !== 'ExecCredential') throw refuse('it printed no ExecCredential');
  if (credential['apiVersion'] !== exec.apiVersion)
    throw refuse(`it answers in another version than ${exec.apiVersion}`);
  const { status } = credential;
  if (!isObject(status)) throw refuse('its ExecCredential has no status');
  const text = (member: string): string | undefined => {
    const value = status[member];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') throw refuse(`status.${member} is no text`);
    return value;
  };
  const result = {
    token: text('token'),
    clientCertificate: text('clientCertificateData'),
    clientKey: text('clientKeyData'),
  };
  if ((result.clientCertificate === undefined) !== (result.clientKey === undefined))
    throw refuse('it gave one of clientCertificateData and clientKeyData');
  if (result.token === undefined && result.clientKey === undefined) throw refuse('it gave neither token nor key pair');
  const expiry = text('expirationTimestamp');
  const expiresAt = expiry === undefined ? undefined : parseTimestamp(expiry);
  if (expiry !== undefined && expiresAt === undefined) throw refuse('status.expirationTimestamp is no RFC 3339 time');
  return { ...result, expiresAt };
}

function failureOf(cause: unknown, { installHint }: ExecEntry): string {
  const { code, signal } = isObject(cause) ? cause : {};
  if (code === 'ENOENT') return `no such program${installHint === undefined ? '' : `; ${installHint.trim()}`}`;
  if (code === 'ETIMEDOUT') return `it took longer than ${PLUGIN_TIMEOUT} s`;
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return `it printed more than ${MAX_OUTPUT} octets`;
  if (typeof code === 'number') return `it ended with ${code}`;
  if (typeof signal === 'string') return `it was ended by ${signal}`;
  return typeof code === 'string' ? `it cannot be run (${code})` : 'it failed';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told by the caller, without the text, which may hold a token
  }
}
