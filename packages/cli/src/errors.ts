import { ApiError, type ApiErrorReason } from '@mayfly/pod-certificates/api';
import { KubernetesError, type KubernetesErrorCode } from '@mayfly/pod-certificates/kubernetes';

/** What stops a command. Stable: adding is minor, changing is major. */
export type CliErrorCode =
  | 'ERR_CLI_USAGE'
  | 'ERR_CLI_MANIFEST'
  | 'ERR_CLI_FILE'
  | 'ERR_CLI_STATE'
  | 'ERR_CLI_POD'
  | 'ERR_CLI_PROGRAM'
  | 'ERR_CLI_INPUT'
  | 'ERR_CLI_PORT';

/** Something that a person has to change before the command can do its work; the message says what. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  /** With which the command ends: 2 for a wrong call, 1 for the rest, or what a shell would say of a program. */
  readonly exitCode: number;

  constructor(code: CliErrorCode, message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options);
    this.code = code;
    this.exitCode = options.exitCode ?? (code === 'ERR_CLI_USAGE' ? 2 : 1);
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room on it',
  EDQUOT: 'the quota is used up: make room within it',
  EROFS: 'the file system is read-only: choose another place with --state',
  EACCES: 'check who owns the state directory',
  EPERM: 'check who owns the state directory',
  EMFILE: 'too many files are open: raise the limit (ulimit -n)',
  ENFILE: 'too many files are open on this machine',
};

const UNTRUSTED =
  'the server shows a certificate of another authority: check the certificate-authority of the kubeconfig';

/** What Node's TLS says of a server that is not the one meant. */
const TLS_ADVICE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the server has another name: check the address of the kubeconfig, or set its tls-server-name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server speaks no TLS: check the address of the kubeconfig',
};

const UNREACHED = 'nobody answers there: check the server address of the kubeconfig, and that the API server runs';

/** What the network says of a server that is not there; a network file system has some of these codes too. */
const NETWORK_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: UNREACHED,
  EHOSTUNREACH: UNREACHED,
  ENETUNREACH: UNREACHED,
  ETIMEDOUT: UNREACHED,
  UND_ERR_CONNECT_TIMEOUT: UNREACHED,
  ENOTFOUND: 'no such host is known: check the server address of the kubeconfig',
  EAI_AGAIN: 'the name of the host was not resolved: check the server address of the kubeconfig, and DNS',
};

const UNANSWERED: ReadonlySet<string> = new Set<KubernetesErrorCode>([
  'ERR_KUBERNETES_CONNECTION',
  'ERR_KUBERNETES_TIMEOUT',
]);

const API_ADVICE: Readonly<Partial<Record<ApiErrorReason, string>>> = {
  Unauthorized: 'the server does not know these credentials: check the user of the kubeconfig',
  Forbidden: 'mayfly doctor says which rights are missing',
};

/** Whether a connection failed by what the server showed of itself: it will show the same the next time. */
export function isUntrusted(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if ('code' in at && typeof at.code === 'string' && Object.hasOwn(TLS_ADVICE, at.code)) return true;
  return false;
}

/** What a person can do about an error of the system or of a cluster, however deep it lies; `undefined` where there is nothing to say. */
export function adviceFor(error: unknown): string | undefined {
  let tables = [ADVICE, TLS_ADVICE];
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof KubernetesError && UNANSWERED.has(at.code)) tables = [ADVICE, TLS_ADVICE, NETWORK_ADVICE];
    if (at instanceof ApiError && API_ADVICE[at.reason] !== undefined) return API_ADVICE[at.reason];
    if (!('code' in at) || typeof at.code !== 'string') continue;
    for (const advice of tables) if (Object.hasOwn(advice, at.code)) return advice[at.code];
  }
  return undefined;
}

/** What an error says, without its stack. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What went wrong and what to do about it, as one line for people. */
export function reportOf(error: unknown): string {
  // What CliError says includes what to do already.
  const advice = error instanceof CliError ? undefined : adviceFor(error);
  return advice === undefined ? messageOf(error) : `${messageOf(error)}; ${advice}`;
}
