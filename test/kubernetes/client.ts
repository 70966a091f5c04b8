import { Agent, request } from 'node:https';
import type { Credential } from './certificates.js';

/** JSON as an API server sends it. */
// biome-ignore lint/suspicious/noExplicitAny: answers of a server are looked at member by member, and tests fail where one is not there
export type Json = any;

/** What an API server answered. */
export interface Answer {
  readonly status: number;
  readonly body: Json;
}

export interface CallOptions {
  readonly body?: Json;
  /** Default `application/json`. */
  readonly contentType?: string;
}

/** One identity at an API server. */
export interface Client {
  /** One call; any status is an answer. Rejects when there is none. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** One call that has to succeed. */
  expect(method: string, path: string, body?: Json): Promise<Json>;
  /** Closes the connections. */
  close(): void;
}

/** How a client says who it is. */
export type Identity = Credential | { readonly token: string };

/** A client of the API server on this port of the loopback interface. */
export function createClient(port: number, authority: string, identity: Identity): Client {
  const agent = new Agent({
    keepAlive: true,
    ca: authority,
    ...('token' in identity ? {} : { cert: identity.certificate, key: identity.privateKey }),
  });
  const call: Client['call'] = (method, path, { body, contentType = 'application/json' } = {}) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = {
        accept: 'application/json',
        ...(text !== undefined && { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
        ...('token' in identity && { authorization: `Bearer ${identity.token}` }),
      };
      const sent = request({ host: '127.0.0.1', port, method, path, headers, agent, timeout: 30_000 }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const answer = Buffer.concat(chunks).toString();
          try {
            const isJson = response.headers['content-type']?.startsWith('application/json') === true;
            resolve({ status: response.statusCode ?? 0, body: isJson ? JSON.parse(answer) : answer });
          } catch (error) {
            reject(error);
          }
        });
      });
      sent.once('timeout', () => sent.destroy(new Error(`Cannot ${method} ${path}: no answer in 30 s`)));
      sent.once('error', reject);
      sent.end(text);
    });
  return {
    call,
    async expect(method, path, body) {
      const answer = await call(method, path, { body });
      if (answer.status >= 200 && answer.status < 300) return answer.body;
      throw new Error(`Cannot ${method} ${path}: ${answer.status} ${answer.body?.message ?? answer.body}`);
    },
    close: () => agent.destroy(),
  };
}
