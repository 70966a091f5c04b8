import type { Seconds } from '@mayfly/der';
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../duration.js';
import { CliError } from '../errors.js';
import type { SecretName } from '../signer/authority-secret.js';

/** Reads a duration for commander. */
export function durationArgument(text: string): Seconds {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError('Write a duration such as 90s, 2m, 1h30m or 7d.');
  return seconds;
}

/** Reads `namespace/name` of a Secret. @throws {@link CliError} `ERR_CLI_USAGE`. */
export function secretOf(flag: string, text: string): SecretName {
  const [namespace, name, more] = text.split('/');
  if (namespace && name && more === undefined) return { namespace, name };
  throw new CliError('ERR_CLI_USAGE', `Cannot use ${flag} ${JSON.stringify(text)}: it is no namespace/name`);
}
