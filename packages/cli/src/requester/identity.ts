import { isObject, type JsonObject } from '../signer/json.js';

/** Who asks: what a kubelet knows of a pod. */
export interface PodIdentity {
  readonly namespace: string;
  readonly podName: string;
  readonly podUID: string;
  readonly serviceAccountName: string;
  readonly serviceAccountUID: string;
  readonly nodeName: string;
  readonly nodeUID: string;
}

/**
 * What a token that is bound to a pod says of its bearer, with the node from Kubernetes 1.32 on. Nobody verifies it here: it is
 * our own, and whether its claims may be made is for the server to decide.
 * @returns Only what it says; nothing of a token that is no service account's.
 */
export function identityOfToken(token: string | undefined): Partial<PodIdentity> {
  const claims = payloadOf(token)?.['kubernetes.io'];
  if (!isObject(claims)) return {};
  const { namespace } = claims;
  return {
    ...(typeof namespace === 'string' && { namespace }),
    ...named(claims['pod'], 'podName', 'podUID'),
    ...named(claims['serviceaccount'], 'serviceAccountName', 'serviceAccountUID'),
    ...named(claims['node'], 'nodeName', 'nodeUID'),
  };
}

function named<N extends string, U extends string>(
  claim: unknown,
  nameField: N,
  uidField: U,
): Partial<Record<N | U, string>> {
  if (!isObject(claim)) return {};
  const { name, uid } = claim;
  return {
    ...(typeof name === 'string' && { [nameField]: name }),
    ...(typeof uid === 'string' && { [uidField]: uid }),
  } as Partial<Record<N | U, string>>; // both members are named above
}

/** The claims of a JWT (RFC 7519), `undefined` for what is none. */
function payloadOf(token: string | undefined): JsonObject | undefined {
  const [, payload, signature] = token?.split('.') ?? [];
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return isObject(claims) ? claims : undefined;
  } catch {
    return undefined; // some other kind of token; without its text, which is secret
  }
}
