const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED_NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Whether a text is a DNS-1123 label, as namespaces, containers and volumes are named. */
export const isDnsLabel = (name: string): boolean => name.length <= 63 && LABEL.test(name);

/** Whether a text is a DNS-1123 subdomain, as pods and service accounts are named. */
export const isDnsSubdomain = (name: string): boolean => name.length <= 253 && SUBDOMAIN.test(name);

/** What is wrong with the key of a label, `name` or `example.com/name`; `undefined` when nothing is. */
export function labelKeyFault(key: string): string | undefined {
  const [name, prefix, ...more] = key.split('/').reverse();
  if (more.length > 0) return 'has more than one "/"';
  if (prefix !== undefined && !isDnsSubdomain(prefix)) return 'has a prefix that is no lower-case DNS name';
  return name!.length <= 63 && QUALIFIED_NAME.test(name!)
    ? undefined
    : 'has a name that is not 1 to 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends';
}

/** What is wrong with the value of a label; `undefined` when nothing is. */
export const labelValueFault = (value: string): string | undefined =>
  value === '' || (value.length <= 63 && QUALIFIED_NAME.test(value))
    ? undefined
    : 'is not at most 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends';

/** What is wrong with the key of a user annotation, which needs a domain; `undefined` when nothing is. */
export const annotationKeyFault = (key: string): string | undefined =>
  key.includes('/') ? labelKeyFault(key.toLowerCase()) : 'has no domain, as in example.com/key';

/**
 * What is wrong with the path of a file inside a volume; `undefined` when nothing is.
 *
 * Kubernetes refuses absolute paths, any `..` component and names that begin with `..`, which the atomic writer keeps
 * for itself; control characters are refused besides.
 */
export function filePathFault(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.startsWith('/')) return 'is absolute; paths are relative to the volume';
  const components = path.split('/');
  if (components.includes('..')) return 'contains ".."';
  if (path.startsWith('..')) return 'begins with "..", which is kept for the volume itself';
  if (components.some((component) => component === '' || component === '.')) return 'has an empty or "." component';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to refuse
  if (/[\u0000-\u001f\u007f\\]/.test(path)) return 'has a control character or a backslash';
  return Buffer.byteLength(path) > 4096 || components.some((component) => Buffer.byteLength(component) > 255)
    ? 'is longer than a file system takes'
    : undefined;
}
