import type { KeyAlgorithm } from '@mayfly/keys';
import { Option } from 'commander';

/** What a new key can be, the usual one first. */
export const keyTypes: readonly KeyAlgorithm[] = [
  'P-256',
  'P-384',
  'P-521',
  'Ed25519',
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
];

/** `--key-type`. */
export const keyTypeOption = (): Option =>
  new Option('--key-type <type>', 'kind of a new key').choices([...keyTypes]).default(keyTypes[0]);
