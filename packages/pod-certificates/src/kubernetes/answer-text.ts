import type { Dispatcher } from 'undici';
import { KubernetesError } from './errors.js';

/** Octets that an answer may have: etcd keeps 1.5 MiB of an object, of which JSON writes an octet in six at most. */
export const MAX_ANSWER = 16_777_216;

/** An answer that is larger than it may be; of a list, a smaller page may do. */
export class AnswerTooLarge extends KubernetesError {}

/**
 * Reads an answer to its end.
 * @param where - What was asked for, for messages.
 * @throws {@link AnswerTooLarge} as soon as it has more octets than it may; the connection is given up then.
 */
export async function readText(body: Dispatcher.ResponseData['body'], where: string, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_ANSWER)
      throw new AnswerTooLarge(
        'ERR_KUBERNETES_ANSWER',
        path,
        `Cannot use the answer to ${where}: it has more than ${MAX_ANSWER} octets`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}
