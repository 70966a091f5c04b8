import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { createClusterAuthority } from './certificates.js';
import { type Sightings, watchRequests } from './watcher.js';

const authority = createClusterAuthority();
const { certificate: cert, privateKey: key } = authority.server('kube-apiserver', [
  { type: 'iPAddress', value: Uint8Array.of(127, 0, 0, 1) },
]);
let server: Server;
let sightings: Sightings | undefined;
afterEach(() => {
  sightings?.close();
  server.closeAllConnections();
  server.close();
});

test('a watch goes on when the server is back, from where it was', async () => {
  const asked: string[] = [];
  const answer = (name: string, port = 0): Promise<unknown> => {
    server = createServer({ cert, key }, ({ url }, response) => {
      asked.push(url!);
      const metadata = { name, resourceVersion: String(6 + asked.length) };
      response.write(`${JSON.stringify({ type: 'ADDED', object: { metadata } })}\n`);
    });
    return once(server.listen(port, '127.0.0.1'), 'listening');
  };
  await answer('first');
  const { port } = server.address() as AddressInfo;
  sightings = await watchRequests({ port, authority, adminCredential: authority.client('admin', []) }, '/requests');
  await vi.waitFor(() => expect([...sightings!.visible.keys()]).toEqual(['first']));
  server.close();
  server.closeAllConnections();
  await new Promise((resolve) => setTimeout(resolve, 250)); // attempts that fail meanwhile
  await answer('second', port);
  await vi.waitFor(() => expect([...sightings!.visible.keys()]).toEqual(['first', 'second']));
  expect(asked).toEqual(['/requests?watch=true', '/requests?watch=true&resourceVersion=7']);
});
