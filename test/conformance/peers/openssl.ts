import { firstLine, succeeds, withFiles } from './command.js';
import { momentOf, nameOf, type Peer, purposeOf } from './verdict.js';

const PURPOSES: Readonly<Record<string, string>> = { serverAuth: 'sslserver', clientAuth: 'sslclient' };
const NAMES = { dns: '-verify_hostname', ip: '-verify_ip', rfc822: '-verify_email' } as const;
const COMMANDS = { certificate: 'x509', csr: 'req', crl: 'crl' } as const;

/** `openssl verify`, in its strict mode where the profile asks for RFC 5280 or the Web. */
export const openssl: Peer = {
  name: 'OpenSSL',
  version: () => firstLine('openssl', 'version')?.split(' ')[1],
  chain: (one, octets) =>
    withFiles((write) => {
      const file = (name: string, label: string, indices: readonly number[] = []) =>
        write(name, label, indices.map(octets));
      const purpose = PURPOSES[purposeOf(one)];
      const name = nameOf(one);
      const { policy, revocation, maxChainDepth } = one;
      const args = [
        ...[
          'verify',
          '-no-CAfile',
          '-no-CApath',
          '-no-CAstore',
          '-attime',
          String(Math.floor(momentOf(one).getTime() / 1000)),
        ],
        ...['-CAfile', file('anchors', 'CERTIFICATE', one.anchors)],
        ...(one.intermediates.length > 0 ? ['-untrusted', file('untrusted', 'CERTIFICATE', one.intermediates)] : []),
        ...(one.features?.includes('strict') || one.id.includes('rfc5280::') || one.profile === 'webpki'
          ? ['-x509_strict']
          : []),
        ...(one.features?.includes('partial-chain') || one.profile !== 'openssl' ? ['-partial_chain'] : []),
        ...(purpose === undefined ? [] : ['-purpose', purpose]),
        ...(name === undefined ? [] : [NAMES[name.type], name.value]),
        ...(maxChainDepth === undefined ? [] : ['-verify_depth', String(maxChainDepth)]),
        ...(revocation === undefined
          ? []
          : ['-crl_check_all', '-extended_crl', '-use_deltas', '-CRLfile', file('crls', 'X509 CRL', one.crls)]),
        ...(policy === undefined
          ? []
          : [
              ...['-policy_check', ...policy.initialPolicySet.flatMap((oid) => ['-policy', oid])],
              ...(policy.requireExplicit ? ['-explicit_policy'] : []),
              ...(policy.inhibitMapping ? ['-inhibit_map'] : []),
              ...(policy.inhibitAny ? ['-inhibit_any'] : []),
            ]),
        file('leaf', 'CERTIFICATE', [one.leaf]),
      ];
      return succeeds('openssl', args) ? 'accept' : 'reject';
    }),
  parse: ({ type }, octets) =>
    succeeds('openssl', [COMMANDS[type], '-inform', 'DER', '-noout', '-text'], octets) ? 'accept' : 'reject',
};
