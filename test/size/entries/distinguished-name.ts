// Names as text, both ways.
export { formatDistinguishedName, parseDistinguishedName } from '@mayfly/x509/name';
