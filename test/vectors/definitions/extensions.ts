import type { CertificateDefinition } from './types.js';

/** One certificate below the root for each extension of RFC 5280 section 4.2 and each form that it takes. */
const extended = (
  name: string,
  about: string,
  lines: readonly string[],
  sections?: Readonly<Record<string, readonly string[]>>,
): CertificateDefinition => ({
  name: `extension-${name}`,
  about,
  key: 'p256',
  issuer: 'root',
  subject: ['CN = extension'],
  extensions: lines,
  ...(sections && { sections }),
});

const san = (name: string, about: string, value: string, sections?: Readonly<Record<string, readonly string[]>>) =>
  extended(`san-${name}`, `subjectAltName: ${about}`, [`subjectAltName = ${value}`], sections);

const directory = { directory: ['C = DE', 'O = Example', 'CN = Directory'] };

const subjectAltNames: readonly CertificateDefinition[] = [
  san('dns', 'dNSName', 'DNS:example.com'),
  san('dns-wildcard', 'dNSName with a wildcard', 'DNS:*.example.com'),
  san('email', 'rfc822Name', 'email:someone@example.com'),
  san('uri', 'uniformResourceIdentifier', 'URI:https://example.com/a?b#c'),
  san(
    'spiffe',
    'a SPIFFE ID, critical as the subject is small',
    'critical, URI:spiffe://example.org/ns/default/sa/web',
  ),
  san('ipv4', 'iPAddress of 4 octets', 'IP:192.0.2.255'),
  san('ipv6', 'iPAddress of 16 octets', 'IP:2001:db8::ff00:42:8329'),
  san('registered-id', 'registeredID', 'RID:1.3.6.1.4.1.55555.2'),
  san('directory-name', 'directoryName', 'dirName:directory', directory),
  san('other-name', 'otherName with a UTF8String', 'otherName:1.3.6.1.4.1.311.20.2.3;UTF8:someone@example.com'),
  san('several', 'one of most kinds', '@names', {
    names: [
      'DNS.1 = a.example',
      'DNS.2 = b.example',
      'email = a@a.example',
      'URI = urn:a',
      'IP.1 = 10.0.0.1',
      'IP.2 = ::1',
      'RID = 1.2.3.4',
      'dirName = directory',
    ],
    ...directory,
  }),
  san('many', 'forty names', Array.from({ length: 40 }, (_, i) => `DNS:host-${i}.example.com`).join(', ')),
];

const hexOf = (octets: readonly number[]): string => Buffer.from(octets).toString('hex');
const repeat = (octet: number, times: number): number[] => Array.from({ length: times }, () => octet);
/** A SignedCertificateTimestamp (RFC 6962 section 3.2) with a log and a signature of repeated octets. */
const sct = (log: number, timestamp: readonly number[]): number[] => [
  0,
  ...repeat(log, 32),
  ...timestamp,
  ...[0, 0],
  ...[4, 3],
  ...[0, 8, 0x30, 0x06, 2, 1, 1, 2, 1, 2],
];
const vector16 = (octets: readonly number[]): number[] => [octets.length >> 8, octets.length & 0xff, ...octets];
const sctList = vector16([
  ...vector16(sct(0xaa, [0, 0, 0x01, 0x9b, 0x77, 0x4b, 0xa4, 0x00])),
  ...vector16(sct(0xbb, [0, 0, 0x01, 0x9b, 0x77, 0x4b, 0xa4, 0x01])),
]);

const all = {
  usages: [
    'digitalSignature',
    'nonRepudiation',
    'keyEncipherment',
    'dataEncipherment',
    'keyAgreement',
    'keyCertSign',
    'cRLSign',
    'encipherOnly',
    'decipherOnly',
  ],
  reasons: [
    'keyCompromise',
    'CACompromise',
    'affiliationChanged',
    'superseded',
    'cessationOfOperation',
    'certificateHold',
    'privilegeWithdrawn',
    'AACompromise',
  ],
};

export const extensions: readonly CertificateDefinition[] = [
  ...subjectAltNames,
  extended('basic-constraints-ca', 'basicConstraints with cA', ['basicConstraints = critical, CA:TRUE']),
  extended('basic-constraints-path-length', 'basicConstraints with pathLenConstraint', [
    'basicConstraints = critical, CA:TRUE, pathlen:300',
  ]),
  extended('basic-constraints-end-entity', 'basicConstraints empty and not critical', ['basicConstraints = CA:FALSE']),
  ...all.usages.map((usage) => extended(`key-usage-${usage}`, `keyUsage: ${usage}`, [`keyUsage = critical, ${usage}`])),
  extended('key-usage-all', 'keyUsage: all nine bits', [`keyUsage = critical, ${all.usages.join(', ')}`]),
  extended('ext-key-usage', 'extKeyUsage: all of RFC 5280', [
    'extendedKeyUsage = serverAuth, clientAuth, codeSigning, emailProtection, timeStamping, OCSPSigning',
  ]),
  extended('ext-key-usage-any', 'extKeyUsage: anyExtendedKeyUsage and an unknown one, critical', [
    'extendedKeyUsage = critical, anyExtendedKeyUsage, 1.3.6.1.4.1.55555.3',
  ]),
  extended('subject-key-identifier', 'subjectKeyIdentifier of four octets', ['subjectKeyIdentifier = 01020304']),
  extended('authority-key-identifier', 'authorityKeyIdentifier with all three parts', [
    'authorityKeyIdentifier = keyid:always, issuer:always',
  ]),
  extended('issuer-alt-name', 'issuerAltName', ['issuerAltName = URI:https://ca.example/, DNS:ca.example']),
  extended('certificate-policies', 'certificatePolicies: identifiers alone', [
    'certificatePolicies = 1.3.6.1.4.1.55555.4.1, 2.5.29.32.0',
  ]),
  extended(
    'certificate-policies-qualified',
    'certificatePolicies: CPS pointer and user notice',
    ['certificatePolicies = @policy'],
    {
      policy: ['policyIdentifier = 1.3.6.1.4.1.55555.4.2', 'CPS.1 = https://ca.example/cps', 'userNotice.1 = @notice'],
      notice: ['explicitText = "UTF8:Für Prüfungen"', 'organization = "Example"', 'noticeNumbers = 1, 2'],
    },
  ),
  extended('policy-mappings', 'policyMappings', [
    'policyMappings = critical, 1.3.6.1.4.1.55555.4.1:1.3.6.1.4.1.55555.5.1, 1.3.6.1.4.1.55555.4.2:1.3.6.1.4.1.55555.5.2',
  ]),
  extended('policy-constraints', 'policyConstraints with both numbers', [
    'policyConstraints = critical, requireExplicitPolicy:0, inhibitPolicyMapping:300',
  ]),
  extended('policy-constraints-one', 'policyConstraints with one number', [
    'policyConstraints = critical, inhibitPolicyMapping:0',
  ]),
  extended('inhibit-any-policy', 'inhibitAnyPolicy', ['inhibitAnyPolicy = critical, 2']),
  extended('name-constraints', 'nameConstraints on every kind of name', ['nameConstraints = critical, @constraints'], {
    constraints: [
      'permitted;DNS.1 = example.com',
      'permitted;email.1 = .example.com',
      'permitted;IP.1 = 192.0.2.0/255.255.255.0',
      'permitted;IP.2 = 2001:db8::/ffff:ffff::',
      'permitted;dirName.1 = directory',
      'permitted;URI.1 = .example.com',
      'excluded;DNS.1 = secret.example.com',
      'excluded;IP.1 = 192.0.2.128/255.255.255.128',
    ],
    ...directory,
  }),
  extended('name-constraints-excluded', 'nameConstraints with excluded names alone', [
    'nameConstraints = critical, excluded;DNS:example.com',
  ]),
  extended(
    'subject-directory-attributes',
    'subjectDirectoryAttributes: countryOfCitizenship',
    ['subjectDirectoryAttributes = ASN1:SEQUENCE:attributes'],
    {
      attributes: ['country = SEQUENCE:country'],
      country: ['type = OID:1.3.6.1.5.5.7.9.4', 'values = SET:countries'],
      countries: ['first = PRINTABLESTRING:DE'],
    },
  ),
  extended('crl-distribution-points', 'cRLDistributionPoints: two addresses', [
    'crlDistributionPoints = URI:http://ca.example/a.crl, URI:ldap://ca.example/b',
  ]),
  extended(
    'crl-distribution-points-full',
    'cRLDistributionPoints: reasons, issuer, and a name relative to it',
    ['crlDistributionPoints = full, relative'],
    {
      full: [
        'fullname = URI:http://ca.example/a.crl',
        'CRLissuer = dirName:directory',
        `reasons = ${all.reasons.slice(0, 4).join(', ')}`,
      ],
      relative: [
        'relativename = fragment',
        'CRLissuer = dirName:directory',
        `reasons = ${all.reasons.slice(4).join(', ')}`,
      ],
      fragment: ['CN = fragment'],
      ...directory,
    },
  ),
  extended('freshest-crl', 'freshestCRL', ['freshestCRL = URI:http://ca.example/delta.crl']),
  extended('authority-info-access', 'authorityInfoAccess: OCSP and issuer', [
    'authorityInfoAccess = OCSP;URI:http://ocsp.example/, caIssuers;URI:http://ca.example/root.cer',
  ]),
  extended('subject-info-access', 'subjectInfoAccess: repository and time stamping', [
    'subjectInfoAccess = caRepository;URI:http://ca.example/repository, ad_timestamping;URI:http://tsa.example/',
  ]),
  extended('tls-feature', 'TLS feature: status_request', ['tlsfeature = status_request']),
  extended('tls-feature-both', 'TLS feature: both versions', ['tlsfeature = status_request, status_request_v2']),
  extended('sct-list', 'a list of two SCTs', [
    `1.3.6.1.4.1.11129.2.4.2 = ASN1:FORMAT:HEX,OCTETSTRING:${hexOf(sctList)}`,
  ]),
  extended('ct-poison', 'the poison of a precertificate', ['1.3.6.1.4.1.11129.2.4.3 = critical, ASN1:NULL']),
  extended('ocsp-no-check', 'id-pkix-ocsp-nocheck', ['noCheck = ignored']),
  extended('unknown', 'two that nobody knows, one of them critical', [
    '1.3.6.1.4.1.55555.6.1 = ASN1:UTF8String:hello',
    '1.3.6.1.4.1.55555.6.2 = critical, DER:04020500',
  ]),
  extended('none-of-der', 'an unknown one whose value is no DER', ['1.3.6.1.4.1.55555.6.3 = DER:ff']),
];
