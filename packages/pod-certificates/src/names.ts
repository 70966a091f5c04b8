import { type FieldError, invalid, required, tooLong } from './field-error.js';

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const MAX_LABEL = 63;
const MAX_SUBDOMAIN = 253;
/** A subdomain, a slash, and a subdomain behind a label and a dot. */
const MAX_SIGNER_NAME = MAX_SUBDOMAIN + 1 + MAX_SUBDOMAIN + MAX_LABEL + 1;

const LABEL_DETAIL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_DETAIL =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

/** Whether a signer belongs to Kubernetes itself: `kubernetes.io/…` or `….kubernetes.io/…`. */
export function isReservedSignerName(signerName: string): boolean {
  const host = signerName.split('/', 1)[0]!;
  return host === 'kubernetes.io' || host.endsWith('.kubernetes.io');
}

/** What is wrong with text that should be a DNS-1123 subdomain of at most 253 characters. */
function subdomainFault(name: string): string | undefined {
  if (name.length > MAX_SUBDOMAIN) return `must be no more than ${MAX_SUBDOMAIN} characters`;
  return SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_DETAIL;
}

/** What is wrong with text that should be a DNS-1123 label of at most 63 characters. */
function labelFault(name: string): string | undefined {
  if (name.length > MAX_LABEL) return `must be no more than ${MAX_LABEL} characters`;
  return LABEL.test(name) ? undefined : LABEL_DETAIL;
}

/** Refuses text that is no DNS-1123 subdomain of at most 253 characters. */
export function subdomainErrors(field: string, name: string): FieldError[] {
  const fault = subdomainFault(name);
  return fault === undefined ? [] : [invalid(field, name, fault)];
}

/** Refuses text that is no DNS-1123 label of at most 63 characters, as a namespace has to be. */
export function labelErrors(field: string, name: string): FieldError[] {
  const fault = labelFault(name);
  return fault === undefined ? [] : [invalid(field, name, fault)];
}

/** Refuses text that is no signer name: a domain of two labels or more, one slash, dot-separated DNS-1123 pieces. */
export function signerNameErrors(field: string, signerName: string): FieldError[] {
  if (signerName === '') return [required(field, '')];
  if (signerName.length > MAX_SIGNER_NAME) return [tooLong(field, MAX_SIGNER_NAME)];
  const segments = signerName.split('/');
  const [domain, path] = segments;
  if (domain === undefined || path === undefined || segments.length !== 2)
    return [
      invalid(field, signerName, "must be a fully qualified domain and path of the form 'example.com/signer-name'"),
    ];
  const errors: FieldError[] = [];
  if (domain.length > MAX_SUBDOMAIN) errors.push(tooLong(field, MAX_SUBDOMAIN));
  const labels = domain.split('.');
  for (const label of labels) {
    const fault = labelFault(label);
    if (fault !== undefined) errors.push(invalid(field, domain, `validating label "${label}": ${fault}`));
  }
  if (labels.length < 2)
    errors.push(invalid(field, domain, 'should be a domain with at least two segments separated by dots'));
  for (const label of path.split('.')) {
    const fault = subdomainFault(label);
    if (fault !== undefined) errors.push(invalid(field, path, `validating label "${label}": ${fault}`));
  }
  return errors;
}

/** Refuses a key that is not domain-prefixed (`example.com/key`). Checked in lower case, as the API server does. */
export function domainPrefixedKeyErrors(field: string, key: string): FieldError[] {
  const lower = key.toLowerCase();
  if (lower === '') return [required(field, '')];
  const segments = lower.split('/');
  const [prefix, name] = segments;
  if (segments.length === 2 && (prefix === '' || subdomainFault(prefix!) !== undefined))
    return [invalid(field, lower, `prefix part ${prefix === '' ? 'must be non-empty' : SUBDOMAIN_DETAIL}`)];
  const last = segments.length === 2 ? name! : lower;
  if (segments.length > 2 || !QUALIFIED.test(last) || last.length > MAX_LABEL)
    return [
      invalid(
        field,
        lower,
        "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, with an optional DNS subdomain prefix and '/'",
      ),
    ];
  return segments.length === 2 ? [] : [invalid(field, lower, 'must be a domain-prefixed key (such as "acme.io/foo")')];
}
