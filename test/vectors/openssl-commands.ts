/** From a definition to the command lines of openssl that make the file. */
import type {
  CertificateDefinition,
  CrlDefinition,
  KeyFormDefinition,
  RequestDefinition,
} from './definitions/types.js';
import { configuration, sha256, type Workshop } from './openssl.js';

/** PEM of keys and certificates by the names that definitions use. */
export interface Shelf {
  key(name: string): string;
  certificate(name: string): string;
  /** Name of the key that a certificate is for. */
  keyOf(certificate: string): string;
}

/** `openssl ca` wants a whole authority around it. */
const authority = [
  'database = database',
  'serial = serial',
  'new_certs_dir = .',
  'unique_subject = no',
  'policy = authority_policy',
  'email_in_dn = yes',
];
const policy = [
  'commonName = optional',
  // The names of requests are kept as they are (-preserveDN); nothing is asked of them.
];

const signing = (pss: boolean | undefined): readonly string[] =>
  pss ? ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'] : [];

/** Eight octets that are no negative number and not padded. */
const serialNumberFor = (name: string): string => `4${sha256(name).slice(0, 15)}`.toUpperCase();

const withoutIdentifiers = (lines: readonly string[]): readonly string[] => [
  ...lines,
  ...(lines.some((line) => line.startsWith('subjectKeyIdentifier')) ? [] : ['subjectKeyIdentifier = none']),
  ...(lines.some((line) => line.startsWith('authorityKeyIdentifier')) ? [] : ['authorityKeyIdentifier = none']),
];

/** The request section of a configuration. */
const requestSections = (subject: readonly string[], stringMask = 'utf8only', more: readonly string[] = []) => ({
  req: ['prompt = no', 'utf8 = yes', `string_mask = ${stringMask}`, 'distinguished_name = subject', ...more],
  subject,
});

/** `req` takes no empty section for a name; it takes an empty name on the command line. */
const emptySubject = (subject: readonly string[]): readonly string[] => (subject.length === 0 ? ['-subj', '/'] : []);

export function makeCertificate(workshop: Workshop, shelf: Shelf, definition: CertificateDefinition): string {
  const { key, issuer, subject, stringMask, digest, pss, extensions, sections = {} } = definition;
  workshop.write('key.pem', shelf.key(key));
  workshop.write('database', '');
  workshop.write('serial', definition.serialNumber ?? serialNumberFor(definition.name));
  workshop.write(
    'openssl.cnf',
    configuration({
      ...requestSections(subject, stringMask),
      ca: ['default_ca = authority'],
      authority: [...authority, `default_md = ${digest ?? 'default'}`],
      authority_policy: policy,
      extensions: withoutIdentifiers(extensions),
      ...sections,
    }),
  );
  workshop.openssl(
    'req',
    '-new',
    '-config',
    'openssl.cnf',
    '-key',
    'key.pem',
    '-out',
    'request.pem',
    ...emptySubject(subject),
  );
  const by =
    issuer === undefined ? ['-selfsign', '-keyfile', 'key.pem'] : ['-cert', 'issuer.pem', '-keyfile', 'issuer.key'];
  if (issuer !== undefined) {
    workshop.write('issuer.pem', shelf.certificate(issuer));
    workshop.write('issuer.key', shelf.key(shelf.keyOf(issuer)));
  }
  return workshop
    .openssl(
      ...['ca', '-batch', '-notext', '-preserveDN', '-config', 'openssl.cnf', '-in', 'request.pem', ...by],
      ...[
        '-startdate',
        definition.notBefore ?? '20260101000000Z',
        '-enddate',
        definition.notAfter ?? '20261231235959Z',
      ],
      ...(extensions.length === 0 ? [] : ['-extensions', 'extensions']),
      ...signing(pss),
    )
    .toString();
}

export function makeRequest(workshop: Workshop, shelf: Shelf, definition: RequestDefinition): string {
  const { key, subject, stringMask, digest, pss, extensions, sections = {}, attributes = [] } = definition;
  workshop.write('key.pem', shelf.key(key));
  workshop.write(
    'openssl.cnf',
    configuration({
      ...requestSections(subject, stringMask, attributes.length === 0 ? [] : ['attributes = attributes']),
      attributes,
      extensions,
      ...sections,
    }),
  );
  return workshop
    .openssl(
      ...['req', '-new', '-config', 'openssl.cnf', '-key', 'key.pem'],
      ...emptySubject(subject),
      ...(extensions.length === 0 ? [] : ['-reqexts', 'extensions']),
      ...(digest ? [`-${digest}`] : []),
      ...signing(pss),
    )
    .toString();
}

export function makeCrl(workshop: Workshop, shelf: Shelf, definition: CrlDefinition): string {
  const { issuer, digest, pss, number, extensions, sections = {}, revoked } = definition;
  workshop.write('issuer.pem', shelf.certificate(issuer));
  workshop.write('issuer.key', shelf.key(shelf.keyOf(issuer)));
  workshop.write(
    'database',
    revoked
      .map(([serialNumber, date, reason]) =>
        [
          'R',
          '271231235959Z',
          reason === undefined ? date : `${date},${reason}`,
          serialNumber,
          'unknown',
          '/CN=revoked\n',
        ].join('\t'),
      )
      .join(''),
  );
  if (number !== undefined) workshop.write('number', `${number}\n`);
  workshop.write(
    'openssl.cnf',
    configuration({
      ca: ['default_ca = authority'],
      authority: [
        ...authority,
        `default_md = ${digest ?? 'default'}`,
        ...(number === undefined ? [] : ['crlnumber = number']),
      ],
      authority_policy: policy,
      extensions,
      ...sections,
    }),
  );
  return workshop
    .openssl(
      ...['ca', '-gencrl', '-config', 'openssl.cnf', '-cert', 'issuer.pem', '-keyfile', 'issuer.key'],
      ...['-crl_lastupdate', definition.thisUpdate ?? '20260101000000Z'],
      ...['-crl_nextupdate', definition.nextUpdate ?? '20260108000000Z'],
      ...(extensions.length === 0 ? [] : ['-crlexts', 'extensions']),
      ...signing(pss),
    )
    .toString();
}

export function makeKeyForm(workshop: Workshop, shelf: Shelf, { key, openssl }: KeyFormDefinition): string {
  workshop.write('key.pem', shelf.key(key));
  return workshop.openssl(...openssl.map((argument) => (argument === 'KEY' ? 'key.pem' : argument))).toString();
}
