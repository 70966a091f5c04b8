import type { Seconds } from '@mayfly/der';
import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../duration.js';
import { CliError } from '../errors.js';
import { parseAddress } from '../local-server.js';
import type { SecretName } from '../signer/authority-secret.js';
import { type LeaseName, leaseNameOf } from '../signer/lease-name.js';
import { logFormats } from '../signer/log.js';

/** Names of most objects of Kubernetes. */
export const DNS_NAME: RegExp = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** Reads a duration for commander. */
export function durationArgument(text: string): Seconds {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError('Write a duration such as 90s, 2m, 1h30m or 7d.');
  return seconds;
}

/** Checks `host:port` or `none` for commander, before a command makes anything. */
export function addressArgument(text: string): string {
  if (text !== 'none' && parseAddress(text) === undefined)
    throw new InvalidArgumentError('Write host:port, for example 127.0.0.1:9100, or none.');
  return text;
}

/** `--log-format` of the commands that run in a cluster. */
export const logFormatOption = (): Option =>
  new Option(
    '--log-format <format>',
    'lines of the log, on standard error (default: text in a terminal, else json)',
  ).choices([...logFormats]);

/** Reads `namespace/name` of a Secret. @throws {@link CliError} `ERR_CLI_USAGE`. */
export function secretOf(flag: string, text: string): SecretName {
  const [namespace, name, more] = text.split('/');
  if (namespace && name && more === undefined) return { namespace, name };
  throw new CliError('ERR_CLI_USAGE', `Cannot use ${flag} ${JSON.stringify(text)}: it is no namespace/name`);
}

/** Reads `--lease`, by default the signer's; `undefined` for "none". @throws {@link CliError} `ERR_CLI_USAGE`. */
export function leaseOf(text: string | undefined, signerName: string): LeaseName | undefined {
  if (text === 'none') return undefined;
  if (text === undefined) return { namespace: undefined, name: leaseNameOf(signerName) };
  const parts = text.split('/');
  const name = parts.at(-1)!; // a split has at least one part
  if (parts.length > 2 || !DNS_NAME.test(name) || parts[0] === '')
    throw new CliError('ERR_CLI_USAGE', `Cannot use --lease ${JSON.stringify(text)}: it is no [namespace/]name`);
  return { namespace: parts.length === 2 ? parts[0] : undefined, name };
}
