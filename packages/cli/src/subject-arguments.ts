import { X509Error } from '@mayfly/x509';
import { type GeneralName, parseGeneralName } from '@mayfly/x509/general-name';
import { attributeTypeOf, buildName, encodeName, type Name, parseDistinguishedName } from '@mayfly/x509/name';
import { parseSpiffeID } from '@mayfly/x509/spiffe';
import { CliError } from './errors.js';
import { printable } from './terminal-text.js';

/**
 * DER of a name that a person wrote in RFC 4514 text; the empty text is the empty name.
 * @throws {@link CliError} `ERR_CLI_USAGE` for other syntax, and for values that RFC 5280 does not allow.
 */
export function nameArgument(text: string): Uint8Array {
  try {
    const name = parseDistinguishedName(text);
    requireBounds(name);
    return encodeName(name);
  } catch (cause) {
    if (cause instanceof X509Error) {
      const slash = text.startsWith('/') ? ', not /O=Shop/CN=web' : '';
      throw new CliError(
        'ERR_CLI_USAGE',
        `Cannot read --subject at character ${cause.offset + 1}: ${printable(stateOf(cause))}; write it as CN=web,O=Shop${slash} (${cause.code})`,
        { cause },
      );
    }
    if (cause instanceof RangeError || cause instanceof TypeError)
      throw new CliError('ERR_CLI_USAGE', `Cannot use --subject: ${printable(stateOf(cause))}`, { cause });
    throw cause;
  }
}

/** What is wrong, without what could not be done and where, which is said here. */
const stateOf = (error: Error): string => error.message.slice(error.message.indexOf(': ') + 2);

/** Builds each attribute as one would from scratch, which checks its length and its alphabet. */
function requireBounds(name: Name): void {
  for (const rdn of name)
    for (const { type, value, stringType } of rdn)
      if (stringType !== undefined) buildName([[attributeTypeOf(type)?.descriptor ?? type, value]]);
}

/**
 * A name for subjectAltName that a person wrote. A SPIFFE ID has to be a valid one.
 * @throws {@link CliError} `ERR_CLI_USAGE`.
 */
export function generalNameArgument(text: string): GeneralName {
  const name = parse(text);
  if (name.type === 'uniformResourceIdentifier' && /^spiffe:/i.test(name.value)) {
    const result = parseSpiffeID(name.value);
    if (!result.ok) throw refuse(text, `${result.message} (${result.reason})`);
  }
  return name;
}

function parse(text: string): GeneralName {
  try {
    return parseGeneralName(text);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw refuse(text, adviceFor(text), cause);
  }
}

function adviceFor(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return 'write URI: before a URI';
  if (text.includes('@') && !text.includes(':')) return 'write email: before a mailbox';
  return 'write DNS:web.example, IP:10.0.0.7, URI:spiffe://example.org/web or email:a@example.org';
}

const refuse = (text: string, state: string, cause?: unknown): CliError =>
  new CliError('ERR_CLI_USAGE', `Cannot use --san ${printable(text.slice(0, 120))}: ${state}`, { cause });
