import { BlockList, isIP } from 'node:net';
import { KubernetesError } from './errors.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for a server, by the rules that Go's programs, kubectl among them, follow: `HTTPS_PROXY`, and
 * nothing for what `NO_PROXY` lists, for `localhost` or for loopback addresses. A server without TLS is reached directly.
 * @throws {@link KubernetesError} `ERR_KUBERNETES_CONFIG` for what is no HTTP proxy.
 */
export function proxyOfEnvironment(server: URL, env: Environment): string | undefined {
  const name = ['HTTPS_PROXY', 'https_proxy'].find((each) => env[each]);
  const value = name === undefined ? undefined : env[name];
  if (name === undefined || value === undefined || server.protocol !== 'https:') return undefined;
  if (isExcepted(server, env['NO_PROXY'] || env['no_proxy'] || '')) return undefined;
  // As curl and Go take it: a host and port are an HTTP proxy's.
  const proxyUrl = value.includes('://') ? value : `http://${value}`;
  const fault = proxyFault(proxyUrl);
  if (fault === undefined) return proxyUrl;
  throw new KubernetesError('ERR_KUBERNETES_CONFIG', name, `Cannot use ${name}: it ${fault}`);
}

/** Why a proxy cannot be used; its text is not repeated, as it may have a password. */
export function proxyFault(proxyUrl: string): string | undefined {
  if (!URL.canParse(proxyUrl)) return 'is no URL';
  const { protocol } = new URL(proxyUrl);
  if (protocol.startsWith('socks'))
    return `names a SOCKS proxy (${protocol}//), which is not spoken here; name one that takes CONNECT by http:// or https://`;
  return protocol === 'http:' || protocol === 'https:' ? undefined : 'is no http(s) URL';
}

/** Whether a list of hosts, domains, addresses and networks, each with a port or without, has a server. */
function isExcepted({ hostname, port }: URL, list: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (host === 'localhost' || isIn(host, '127.0.0.0/8') || host === '::1') return true;
  return list
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => {
      if (entry === '') return false;
      if (entry === '*') return true;
      const [, name = entry, only] = isIP(entry) === 6 ? [] : (/^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(entry) ?? []);
      if (only !== undefined && only !== (port || '443')) return false;
      if (name.includes('/')) return isIn(host, name);
      if (isIP(host) !== 0) return host === name;
      const domain = name.replace(/^\*?\./, '');
      return host.endsWith(`.${domain}`) || (host === domain && name === domain);
    });
}

function isIn(host: string, network: string): boolean {
  const [address = '', bits = ''] = network.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 'ipv6' ? 128 : 32)) return false;
  if (isIP(host) !== isIP(address)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family);
  return list.check(host, family);
}
