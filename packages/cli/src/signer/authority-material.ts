import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { defineIssuer, type Issuer } from '@mayfly/ca';
import { equalBytes, type Seconds } from '@mayfly/der';
import { decodeBase64, parsePem } from '@mayfly/der/pem';
import type { Pkcs11SigningKey } from '@mayfly/keys/pkcs11';
import { parsePrivateKeyPem } from '@mayfly/pkcs8';
import { type KubernetesClient, resourcePath } from '@mayfly/pod-certificates/kubernetes';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { validatePath } from '@mayfly/x509/path';
import { CliError, messageOf } from '../errors.js';
import { systemState } from '../input-file.js';
import { isTokenUri, openTokenKey } from '../token-key.js';
import type { Keys, LocalKey } from '../up/keys.js';
import { isObject } from './json.js';
import { rfc3339 } from './log.js';

/**
 * Where an authority is kept: in files, with its key in one of them or in a PKCS#11 token, or in a Secret in the form of
 * `kubernetes.io/tls`.
 */
export type AuthoritySource =
  | {
      readonly certificate: string;
      /** A file, or a URI of RFC 7512. */
      readonly key: string;
      readonly roots: string | undefined;
    }
  | { readonly namespace: string; readonly name: string };

/** An authority that may sign, and what pods are to trust. */
export interface ClusterAuthority {
  readonly issuer: Issuer;
  readonly anchors: readonly Certificate[];
  /** Tells this material from other. */
  readonly digest: string;
  /** The issuer's key where a token has it: opened once, and the caller's to close. */
  readonly token?: Pkcs11SigningKey;
}

/** PEM texts of an authority; the key is secret. */
interface Material {
  /** The issuing certificate, then those above it. */
  readonly certificates: string;
  /** In PEM, or the URI of a token's; only whoever started the command may name one, for it loads code. */
  readonly key: { readonly pem: string } | { readonly token: string };
  /** `undefined`: the issuing certificate is the root. */
  readonly roots: string | undefined;
  readonly origin: string;
}

/**
 * Reads an authority and checks that it can issue: the key is that of the certificate, the certificate is a valid CA's, and it
 * leads to the anchors, which are `ca.crt` or, where there is none, the certificate itself.
 * @param before - What is returned when the material is still that.
 * @throws {@link CliError} `ERR_CLI_STATE` with what is wrong and what to do.
 */
export async function readAuthority(
  source: AuthoritySource,
  client: Pick<KubernetesClient, 'request'>,
  keys: Keys,
  now: Seconds,
  openToken: (uri: string) => Promise<Pkcs11SigningKey> = openTokenKey,
  before?: ClusterAuthority,
): Promise<ClusterAuthority> {
  const material = 'key' in source ? await fromFiles(source) : await fromSecret(source, client);
  const { origin } = material;
  const digest = createHash('sha256').update(JSON.stringify(material)).digest('hex');
  if (before?.digest === digest) return before;
  const refuse = (state: string, cause?: unknown): CliError =>
    new CliError('ERR_CLI_STATE', `Cannot sign with the authority of ${origin}: ${state}`, { cause });
  let chain: readonly Certificate[];
  let anchors: readonly Certificate[];
  let issuer: Issuer;
  let token: Pkcs11SigningKey | undefined;
  try {
    chain = certificatesOf(material.certificates);
    anchors = material.roots === undefined ? chain.slice(0, 1) : certificatesOf(material.roots);
    const [certificate] = chain;
    if (certificate === undefined || anchors.length === 0) throw new Error('there is no certificate in it');
    // The token's name does not change while the command runs, so that its sessions stay.
    if ('token' in material.key) token = before?.token ?? (await openToken(material.key.token));
    const key = 'pem' in material.key ? keyOf(material.key.pem, keys) : token!;
    const isAnchor = (each: Certificate): boolean => anchors.some(({ der }) => equalBytes(der, each.der));
    issuer = defineIssuer({ certificate, chain: chain.filter((each) => !isAnchor(each)), key, verify: keys.verify });
  } catch (cause) {
    throw refuse(messageOf(cause), cause);
  }
  const { certificate } = issuer;
  if (now > certificate.validity.notAfter)
    throw refuse(`it expired at ${rfc3339(certificate.validity.notAfter)}; renew it`);
  if (now < certificate.validity.notBefore)
    throw refuse(
      `it begins at ${rfc3339(certificate.validity.notBefore)}, and the server's clock shows ${rfc3339(now)}`,
    );
  // OpenSSL and others end no path at what is below a root.
  if (material.roots === undefined && !equalBytes(certificate.issuer, certificate.subject))
    throw refuse('it is no root, so name its roots: --ca-roots, or ca.crt of the Secret');
  const path = await validatePath(certificate, {
    anchors,
    intermediates: chain.slice(1),
    at: now,
    mode: 'path',
    verify: keys.verify,
  });
  if (!path.ok) throw refuse(`it does not lead to its roots: ${path.message}`);
  return { issuer, anchors, digest, ...(token && { token }) };
}

function keyOf(text: string, keys: Keys): LocalKey {
  const pem = parsePrivateKeyPem(text);
  if (!('privateKeyInfo' in pem)) throw new Error('its key is encrypted, write it without a password');
  const key = keys.fromPkcs8(pem.privateKeyInfo);
  pem.privateKeyInfo.fill(0);
  return key;
}

async function fromFiles({ certificate, key, roots }: Extract<AuthoritySource, { key: string }>): Promise<Material> {
  const read = async (path: string): Promise<string> => {
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      throw new CliError('ERR_CLI_FILE', `Cannot read ${path}: ${systemState(cause)}`, { cause });
    }
  };
  return {
    certificates: await read(certificate),
    key: isTokenUri(key) ? { token: key } : { pem: await read(key) },
    roots: roots === undefined ? undefined : await read(roots),
    origin: certificate,
  };
}

async function fromSecret(
  { namespace, name }: Extract<AuthoritySource, { name: string }>,
  client: Pick<KubernetesClient, 'request'>,
): Promise<Material> {
  const origin = `Secret ${namespace}/${name}`;
  const json = await client.request({ method: 'GET', path: resourcePath('v1', 'secrets', namespace, name) });
  const data = isObject(json) && isObject(json['data']) ? json['data'] : {};
  const optional = (member: string): string | undefined => {
    const value = data[member];
    if (typeof value !== 'string' || value === '') return undefined;
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64(value));
    } catch (cause) {
      throw new CliError('ERR_CLI_STATE', `Cannot read ${member} of ${origin}: it is no text in base64`, { cause });
    }
  };
  const required = (member: string): string => {
    const text = optional(member);
    if (text !== undefined) return text;
    throw new CliError(
      'ERR_CLI_STATE',
      `Cannot read ${member} of ${origin}: absent; it has to be a Secret of kubernetes.io/tls`,
    );
  };
  return { certificates: required('tls.crt'), key: { pem: required('tls.key') }, roots: optional('ca.crt'), origin };
}

const certificatesOf = (pem: string): readonly Certificate[] =>
  parsePem(pem)
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ bytes }) => parseCertificate(bytes));
