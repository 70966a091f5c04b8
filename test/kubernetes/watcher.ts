import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { Json } from './client.js';
import type { Cluster } from './cluster.js';

/** Milliseconds between two attempts to go on with a watch. */
const RETRY_PERIOD = 100;

/** When requests were seen, and when with an answer: milliseconds of the monotonic clock, by name. */
export interface Sightings {
  readonly visible: ReadonlyMap<string, number>;
  readonly answered: ReadonlyMap<string, number>;
  close(): void;
}

/** Watches the requests of a namespace from now on, as an administrator. A server that ends it, as it does to whoever reads slowly, or goes away, is asked for the rest. */
export async function watchRequests(
  { port, authority, adminCredential }: Pick<Cluster, 'adminCredential' | 'authority' | 'port'>,
  path: string,
): Promise<Sightings> {
  const visible = new Map<string, number>();
  const answered = new Map<string, number>();
  const { certificate: cert, privateKey: key } = adminCredential;
  const ca = authority.credential.certificate;
  let version = '';
  let isClosed = false;
  let watch: ClientRequest;
  const see = (line: string): void => {
    const { type, object }: Json = JSON.parse(line);
    const { name, resourceVersion } = object.metadata;
    if (type === 'ERROR') throw new Error(`Cannot go on watching ${path}: ${line}`);
    version = resourceVersion;
    if (type === 'ADDED') visible.set(name, performance.now());
    else if (object.status?.conditions !== undefined && !answered.has(name)) answered.set(name, performance.now());
  };
  const begin = async (): Promise<void> => {
    const from = version === '' ? '' : `&resourceVersion=${version}`;
    watch = get({ host: '127.0.0.1', port, path: `${path}?watch=true${from}`, ca, cert, key });
    watch.on('error', () => {}); // told by whoever waits for what does not come
    const [response]: IncomingMessage[] = await once(watch, 'response');
    response!.on('error', () => {}); // likewise
    response!.on('close', () => void goOn()); // ended or broken off
    const lines = createInterface({ input: response! });
    lines.on('error', () => {}); // likewise
    lines.on('line', see);
  };
  const goOn = async (): Promise<void> => {
    while (!isClosed)
      try {
        return await begin();
      } catch {
        await setTimeout(RETRY_PERIOD); // the server is away: it is asked until it is back
      }
  };
  await begin();
  return {
    visible,
    answered,
    close() {
      isClosed = true;
      watch.destroy();
    },
  };
}
