import { byteLength, type FieldError, invalid, required, tooLong } from './field-error.js';

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const MAX_LABEL = 63;
const MAX_SUBDOMAIN = 253;
/** A subdomain, a slash, and a subdomain behind a label and a dot. */
const MAX_SIGNER_NAME = MAX_SUBDOMAIN + 1 + MAX_SUBDOMAIN + MAX_LABEL + 1;

/** How Kubernetes says that text does not match: the rule, examples, and the expression. */
export const mismatch = (rule: string, expression: string, ...examples: readonly string[]): string =>
  `${rule} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${expression}')`;

const LABEL_DETAIL = /* @__PURE__ */ mismatch(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  '[a-z0-9]([-a-z0-9]*[a-z0-9])?',
  'my-name',
  '123-abc',
);
const SUBDOMAIN_DETAIL = /* @__PURE__ */ mismatch(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*',
  'example.com',
);
const QUALIFIED_DETAIL = /* @__PURE__ */ mismatch(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]',
  'MyName',
  'my.name',
  '123-abc',
);

/** Whether a signer belongs to Kubernetes itself: `kubernetes.io/…` or `….kubernetes.io/…`. */
export function isReservedSignerName(signerName: string): boolean {
  const host = signerName.split('/', 1)[0]!;
  return host === 'kubernetes.io' || host.endsWith('.kubernetes.io');
}

/** What is wrong with text that should be a DNS-1123 subdomain of at most 253 characters. */
const subdomainFaults = (name: string): readonly string[] => [
  ...(name.length > MAX_SUBDOMAIN ? [`must be no more than ${MAX_SUBDOMAIN} characters`] : []),
  ...(SUBDOMAIN.test(name) ? [] : [SUBDOMAIN_DETAIL]),
];

/** What is wrong with text that should be a DNS-1123 label of at most 63 characters. */
const labelFaults = (name: string): readonly string[] => [
  ...(name.length > MAX_LABEL ? [`must be no more than ${MAX_LABEL} characters`] : []),
  ...(LABEL.test(name) ? [] : [SUBDOMAIN.test(name) ? 'must not contain dots' : LABEL_DETAIL]),
];

/** Refuses text that is no DNS-1123 subdomain of at most 253 characters; `part` is the piece of it that has to be one. */
export const subdomainErrors = (field: string, name: string, part: string = name): readonly FieldError[] =>
  subdomainFaults(part).map((fault) => invalid(field, name, fault));

/** Refuses a prefix of generated names, which may end in dashes. */
export const subdomainPrefixErrors = (field: string, prefix: string): readonly FieldError[] =>
  subdomainErrors(field, prefix, prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix);

/** Refuses text that is no DNS-1123 label of at most 63 characters, as a namespace has to be. */
export const labelErrors = (field: string, name: string): readonly FieldError[] =>
  labelFaults(name).map((fault) => invalid(field, name, fault));

/** Refuses text that is no signer name: a domain of two labels or more, one slash, dot-separated DNS-1123 pieces. */
export function signerNameErrors(field: string, signerName: string): readonly FieldError[] {
  if (signerName === '') return [required(field, '')];
  const segments = signerName.split('/');
  const [domain, path] = segments;
  if (domain === undefined || path === undefined || segments.length !== 2)
    return [
      invalid(field, signerName, "must be a fully qualified domain and path of the form 'example.com/signer-name'"),
    ];
  const labels = domain.split('.');
  return [
    ...(domain.length > MAX_SUBDOMAIN ? [tooLong(field, MAX_SUBDOMAIN)] : []),
    ...firstFaults(labels, labelFaults).map((fault) => invalid(field, domain, fault)),
    ...(labels.length < 2
      ? [invalid(field, domain, 'should be a domain with at least two segments separated by dots')]
      : []),
    ...firstFaults(path.split('.'), subdomainFaults).map((fault) => invalid(field, path, fault)),
    ...(signerName.length > MAX_SIGNER_NAME ? [tooLong(field, MAX_SIGNER_NAME)] : []),
  ];
}

/** What is wrong with the first piece that is not in order; the API server looks no further. */
function firstFaults(labels: readonly string[], faultsOf: (label: string) => readonly string[]): readonly string[] {
  const label = labels.find((each) => faultsOf(each).length > 0);
  return label === undefined
    ? []
    : faultsOf(label).map((fault) => `validating label ${JSON.stringify(label)}: ${fault}`);
}

/** What is wrong with text that should be a label key: a name of at most 63 octets, behind a domain and a slash or alone. */
export function labelKeyFaults(key: string): readonly string[] {
  const segments = key.split('/');
  if (segments.length > 2)
    return [
      `a valid label key ${QUALIFIED_DETAIL} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const name = segments.at(-1)!;
  const prefix = segments.length === 2 ? segments[0]! : undefined;
  return [
    ...(prefix === undefined ? [] : prefix === '' ? ['prefix part must be non-empty'] : prefixFaults(prefix)),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(byteLength(name) > MAX_LABEL ? [`name part must be no more than ${MAX_LABEL} bytes`] : []),
    ...(QUALIFIED.test(name) ? [] : [`name part ${QUALIFIED_DETAIL}`]),
  ];
}

const prefixFaults = (prefix: string): readonly string[] => [
  ...(byteLength(prefix) > MAX_SUBDOMAIN ? [`prefix part must be no more than ${MAX_SUBDOMAIN} bytes`] : []),
  ...(SUBDOMAIN.test(prefix) ? [] : [`prefix part ${SUBDOMAIN_DETAIL}`]),
];

/** Refuses a key that is not domain-prefixed (`example.com/key`). Checked in lower case, as the API server does. */
export function domainPrefixedKeyErrors(field: string, key: string): readonly FieldError[] {
  const lower = key.toLowerCase();
  if (lower === '') return [required(field, '')];
  const faults = labelKeyFaults(lower);
  if (faults.length > 0) return faults.map((fault) => invalid(field, lower, fault));
  return lower.includes('/') ? [] : [invalid(field, lower, 'must be a domain-prefixed key (such as "acme.io/foo")')];
}
