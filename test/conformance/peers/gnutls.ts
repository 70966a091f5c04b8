import { firstLine, succeeds, withFiles } from './command.js';
import { nameOf, type Peer, purposeOf } from './verdict.js';

const PURPOSES: Readonly<Record<string, string>> = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' };
const ACTIONS = {
  certificate: ['--certificate-info'],
  csr: ['--crq-info'],
  crl: ['--crl-info'],
} as const;

/**
 * `certtool --verify` and `--…-info`. It judges at the present alone, has neither policies nor a depth that can be set, and lists
 * are not tied to a path.
 */
export const gnutls: Peer = {
  name: 'GnuTLS',
  version: () => firstLine('certtool', '--version')?.split(' ')[1],
  chain: (one, octets) => {
    if ([one.time, one.policy, one.revocation, one.maxChainDepth].some((asked) => asked !== undefined)) return 'skip';
    return withFiles((write) => {
      const file = (name: string, indices: readonly number[]) => write(name, 'CERTIFICATE', indices.map(octets));
      const purpose = PURPOSES[purposeOf(one)];
      const name = nameOf(one);
      const option = name?.type === 'rfc822' ? '--verify-email' : '--verify-hostname';
      const args = [
        ...['--verify', '--load-ca-certificate', file('anchors', one.anchors)],
        ...(purpose === undefined ? [] : ['--verify-purpose', purpose]),
        ...(name === undefined ? [] : [option, name.value]),
        ...['--infile', file('chain', [one.leaf, ...one.intermediates])],
      ];
      return succeeds('certtool', args) ? 'accept' : 'reject';
    });
  },
  parse: ({ type }, octets) => (succeeds('certtool', [...ACTIONS[type], '--inder'], octets) ? 'accept' : 'reject'),
};
