import { MAX_ANSWER } from './answer-text.js';
import { KubernetesError } from './errors.js';

/**
 * Cuts a stream into lines and parses each as JSON; empty lines are passed over.
 * @param path - Of the API, for messages.
 * @throws {@link KubernetesError} `ERR_KUBERNETES_ANSWER` for a line that is no JSON or longer than 16 MiB. What stands behind
 * the last line break is dropped: the connection broke before its end.
 */
export async function* parseJsonLines(chunks: AsyncIterable<Uint8Array>, path: string): AsyncIterable<unknown> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      parts.push(chunk.subarray(from, end));
      const line = Buffer.concat(parts);
      parts = [];
      length = 0;
      from = end + 1;
      if (line.length > 0) yield parseLine(line, path);
    }
    if (from === chunk.length) continue;
    // A copy: the network reuses what it hands out.
    parts.push(chunk.slice(from));
    length += chunk.length - from;
    if (length > MAX_ANSWER)
      throw new KubernetesError(
        'ERR_KUBERNETES_ANSWER',
        path,
        `Cannot watch ${path}: an event has more than ${MAX_ANSWER} octets`,
      );
  }
}

const LINE_FEED = 0x0a;

function parseLine(line: Buffer, path: string): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch (cause) {
    throw new KubernetesError('ERR_KUBERNETES_ANSWER', path, `Cannot watch ${path}: an event is no JSON`, { cause });
  }
}
