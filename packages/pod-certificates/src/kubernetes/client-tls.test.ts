import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { afterEach, describe, expect, test } from 'vitest';
import { type TestAuthority, testLeaf, testRoot } from '../testing/authority.js';
import { openFaceClient } from '../testing/face-client.js';
import { loopbackClient, until } from '../testing/loopback.js';

const PATH = '/apis/certificates.k8s.io/v1/namespaces/shop/podcertificaterequests';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('over TLS', () => {
  const now = Math.floor(Date.now() / 1000);
  const pem = (authority: TestAuthority) => Buffer.from(encodePem('CERTIFICATE', authority.certificate.der));
  const pair = (authority: TestAuthority, names?: Parameters<typeof testLeaf>[4]) => {
    const key = generateKeySync('P-256');
    const leaf = testLeaf(authority, key.subjectPublicKeyInfo, now - 60, now + 3600, names);
    return { cert: encodePem('CERTIFICATE', leaf), key: encodePem('PRIVATE KEY', key.exportPkcs8()) };
  };
  const loopback = [{ type: 'iPAddress', value: Uint8Array.of(127, 0, 0, 1) }] as const;
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('with a key pair that is read anew for each connection, and a server authenticated by its authority', async () => {
    const [ca, clients] = [testRoot(now, 'Server Root'), testRoot(now, 'Client Root')];
    let presented = pair(clients);
    const { client, face } = await openFaceClient(
      closing,
      { tls: { ...pair(ca, loopback), ca: pem(clients), requestCert: true, rejectUnauthorized: true } },
      {},
      { tls: async () => ({ ca: pem(ca), cert: bytes(presented.cert), key: bytes(presented.key) }) },
    );
    expect(await client.list(PATH)).toMatchObject({ items: [] });
    presented = pair(testRoot(now, 'Foreign Root'));
    const fresh = loopbackClient(
      face.url,
      {},
      { tls: async () => ({ ca: pem(ca), cert: bytes(presented.cert), key: bytes(presented.key) }) },
    );
    closing.push(() => fresh.close());
    await expect(fresh.list(PATH)).rejects.toMatchObject({ code: 'ERR_KUBERNETES_CONNECTION' });
  });
  test('after a 401 shows the new key pair on a new connection, and leaves a watch where it is', async () => {
    const [ca, clients] = [testRoot(now, 'Server Root'), testRoot(now, 'Client Root')];
    const pairs = [pair(clients), pair(clients)] as const;
    let presented: { cert: string; key: string } = pairs[0];
    let accepted = new X509Certificate(presented.cert).fingerprint256;
    let endWatch: (() => void) | undefined;
    const options = { ...pair(ca, loopback), ca: pem(clients), requestCert: true };
    const server = createTlsServer(options, ({ url, socket }, response) => {
      const shown = (socket as TLSSocket).getPeerCertificate().fingerprint256;
      if (shown !== accepted) return void response.writeHead(401).end();
      if (!url!.includes('watch=true')) return void response.end('{}');
      response.flushHeaders();
      endWatch = () => response.end(`${JSON.stringify({ type: 'ADDED', object: { kind: 'A' } })}\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    let forgotten = 0;
    const client = loopbackClient(
      `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      {},
      {
        tls: async () => ({ ca: pem(ca), cert: bytes(presented.cert), key: bytes(presented.key) }),
        forgetCredentials() {
          forgotten++;
          presented = pairs[1];
        },
      },
    );
    closing.push(() => client.close());
    const get = () => client.request({ method: 'GET', path: PATH });
    const watched: unknown[] = [];
    const watching = (async () => {
      for await (const event of client.watch(PATH, {}, new AbortController().signal)) watched.push(event);
    })();
    await get();
    await until(() => endWatch !== undefined);
    accepted = new X509Certificate(pairs[1].cert).fingerprint256;
    expect(await Promise.all([get(), get()])).toEqual([{}, {}]);
    expect(await get()).toEqual({});
    expect(forgotten).toBeLessThanOrEqual(2);
    endWatch!();
    await watching;
    expect(watched).toEqual([{ type: 'ADDED', object: { kind: 'A' } }]);
  });
  test.each([
    ['of a foreign authority', {}, 'self-signed|unable to verify'],
    ['of another name', { servername: 'kubernetes' }, "Host: kubernetes. is not in the cert's altnames|does not match"],
  ])('but not with a server %s', async (_name, more, message) => {
    const ca = testRoot(now, 'Server Root');
    const trusted = 'servername' in more ? ca : testRoot(now, 'Other Root');
    const { client } = await openFaceClient(
      closing,
      { tls: pair(ca, loopback) },
      {},
      { tls: async () => ({ ca: pem(trusted), ...more }) },
    );
    await expect(client.list(PATH)).rejects.toMatchObject({
      code: 'ERR_KUBERNETES_CONNECTION',
      message: expect.stringMatching(message),
    });
  });
  test('through a proxy, which sees no more than a name and port', async () => {
    const ca = testRoot(now, 'Server Root');
    const asked: unknown[] = [];
    const proxy = createServer();
    const sockets: Socket[] = [];
    proxy.on('connect', ({ url, headers }, socket: Socket) => {
      asked.push([url, headers['proxy-authorization']]);
      if (asked.length === 2) return void socket.end('HTTP/1.1 407 No\r\n\r\n');
      const [host, port] = url!.split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      sockets.push(socket, onward);
    });
    proxy.listen(0, '127.0.0.1');
    await until(() => proxy.listening);
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    });
    const proxyUrl = `http://u:p%40@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { client, face } = await openFaceClient(
      closing,
      { tls: pair(ca, loopback) },
      {},
      { proxyUrl, tls: async () => ({ ca: pem(ca) }) },
    );
    expect(await client.list(PATH)).toMatchObject({ items: [] });
    expect(asked).toEqual([[face.url.slice('https://'.length), `Basic ${Buffer.from('u:p@').toString('base64')}`]]);
    const again = loopbackClient(face.url, {}, { proxyUrl });
    closing.push(() => again.close());
    const failure = await again.list(PATH).then(String, String);
    expect(failure).toMatch(/through proxy 127\.0\.0\.1:\d+: it answers 407$/);
    expect(failure).not.toContain('p@');
  });
});
