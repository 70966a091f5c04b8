import { describe, expect, test } from 'vitest';
import { proxyOfEnvironment } from './proxy.js';

const PROXY = 'http://proxy:3128';
const proxyFor = (server: string, env: Readonly<Record<string, string>>) => proxyOfEnvironment(new URL(server), env);

test.each<readonly [string, string, Readonly<Record<string, string>>, string | undefined]>([
  ['named', 'https://api:6443', { HTTPS_PROXY: PROXY }, PROXY],
  ['named in lower case', 'https://api', { https_proxy: PROXY }, PROXY],
  ['a host and port', 'https://api', { HTTPS_PROXY: 'proxy:3128' }, PROXY],
  ['none', 'https://api', {}, undefined],
  ['empty', 'https://api', { HTTPS_PROXY: '' }, undefined],
  ['for other servers', 'https://api', { HTTP_PROXY: PROXY }, undefined],
  ['for a server without TLS', 'http://api', { HTTPS_PROXY: PROXY }, undefined],
  ['for localhost', 'https://localhost:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['for a loopback address', 'https://127.0.0.2:6443', { HTTPS_PROXY: PROXY }, undefined],
  ['for the loopback address of IPv6', 'https://[::1]:6443', { HTTPS_PROXY: PROXY }, undefined],
])('%s', (_name, server, env, proxy) => {
  expect(proxyFor(server, env)).toBe(proxy);
});

describe('NO_PROXY', () => {
  test.each([
    ['everything', 'https://api.example:6443', '*', true],
    ['the host', 'https://api.example:6443', 'api.example', true],
    ['the host in other case', 'https://api.example', 'API.Example', true],
    ['a domain above', 'https://api.example', 'example', true],
    ['a domain with its dot', 'https://api.example', '.example', true],
    ['a domain with a star', 'https://api.example', '*.example', true],
    ['nothing but what is below a dot', 'https://example', '.example', false],
    ['no part of a label', 'https://api.example', 'ple', false],
    ['the port', 'https://api.example:6443', 'api.example:6443', true],
    ['the port of TLS', 'https://api.example', 'api.example:443', true],
    ['another port', 'https://api.example:6443', 'api.example:443', false],
    ['an address', 'https://10.0.0.1', '10.0.0.1', true],
    ['a network', 'https://10.96.0.1', '192.0.2.1, 10.0.0.0/8', true],
    ['another network', 'https://10.96.0.1', '10.97.0.0/16', false],
    ['an address of IPv6', 'https://[2001:db8::1]:6443', '2001:db8::1', true],
    ['an address of IPv6 and its port', 'https://[2001:db8::1]:6443', '[2001:db8::1]:6443', true],
    ['a network of IPv6', 'https://[2001:db8::1]', '2001:db8::/32', true],
    ['no network', 'https://10.96.0.1', '10.0.0.0/99', false],
    ['an empty list', 'https://api.example', ' , ', false],
  ])('has %s', (_name, server, NO_PROXY, isDirect) => {
    expect(proxyFor(server, { HTTPS_PROXY: PROXY, NO_PROXY })).toBe(isDirect ? undefined : PROXY);
  });
});

test.each([
  ['socks5://u:c4na7y@p:1080', /SOCKS/],
  ['socks5h://p', /SOCKS/],
  ['ftp://u:c4na7y@p', /no http/],
  ['http://', /no URL/],
])('%s is refused, and not repeated', (HTTPS_PROXY, message) => {
  const failure = (() => {
    try {
      return proxyFor('https://api', { HTTPS_PROXY });
    } catch (error) {
      return error;
    }
  })();
  expect(failure).toMatchObject({ code: 'ERR_KUBERNETES_CONFIG', path: 'HTTPS_PROXY' });
  expect(String(failure)).toMatch(message);
  expect(String(failure)).not.toContain('c4na7y');
});
