/** What keeps this program from talking to an API server. Stable: adding is minor. */
export type KubernetesErrorCode =
  /** Neither a kubeconfig nor a service account is there. */
  | 'ERR_KUBERNETES_UNCONFIGURED'
  /** A kubeconfig, or a file that it names, cannot be read. */
  | 'ERR_KUBERNETES_FILE'
  /** A kubeconfig that is no YAML, or has a member that is absent or of the wrong type. */
  | 'ERR_KUBERNETES_CONFIG'
  /** A context, cluster or user that is named and not there. */
  | 'ERR_KUBERNETES_CONTEXT'
  /** A token, a key pair or an exec plugin that gives none. */
  | 'ERR_KUBERNETES_CREDENTIALS'
  /** No connection, or one that broke before an answer came. */
  | 'ERR_KUBERNETES_CONNECTION'
  /** Nothing came for longer than anything may take. */
  | 'ERR_KUBERNETES_TIMEOUT'
  /** An answer that no API server gives. */
  | 'ERR_KUBERNETES_ANSWER'
  /** A server that does not serve what is asked for. */
  | 'ERR_KUBERNETES_UNSUPPORTED';

/** No way to an API server, or none through it; what the server itself refuses is an `ApiError`. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly code: KubernetesErrorCode;
  /** Where that showed: `users[1].user.exec.command` of a kubeconfig, a file, or a path of the API. */
  readonly path: string;

  constructor(code: KubernetesErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.path = path;
  }
}

/** What an error says, its causes included where they say more. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node hides the reason of a failed connection in the errors of its attempts.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error.message;
}
