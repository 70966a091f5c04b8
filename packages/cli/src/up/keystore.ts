import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { parsePem } from '@mayfly/der/pem';
import { keyStore, modern, type Pfx, type Profile, pbmac1, trustStore, writePfx } from '@mayfly/pkcs12';
import { legacy3Des, legacyRc2 } from '@mayfly/pkcs12/legacy';
import type { CredentialBundle } from '@mayfly/rotation';
import type { VolumeFile } from '@mayfly/rotation/fs';
import { CliError } from '../errors.js';
import { systemState } from '../input-file.js';
import type { Keystore } from '../manifests/manifest.js';
import { namedTrust } from '../p12/trust.js';
import { printable } from '../terminal-text.js';

/** Makes the key store and the trust store of a volume from what its PEM files hold. */
export type KeystoreFiles = (
  keystore: Keystore,
  bundles: readonly CredentialBundle[],
  trust: string,
  mode: number,
) => Promise<readonly VolumeFile[]>;

export interface KeystoreOptions {
  readonly randomBytes: (length: number) => Uint8Array;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const profiles: Readonly<Record<Keystore['profile'], Profile>> = {
  modern,
  pbmac1,
  'legacy-3des': legacy3Des,
  'legacy-rc2': legacyRc2,
};

/**
 * For one volume. Every file has salts of its own, so what was made is kept for as long as its contents stay the same: else a
 * volume would change at each look.
 * @returns A function that rejects with {@link CliError} `ERR_CLI_FILE` when there is no password.
 */
export function createKeystoreFiles({ randomBytes, env }: KeystoreOptions): KeystoreFiles {
  const made = new Map<string, { readonly digest: string; readonly bytes: Uint8Array }>();
  return async (keystore, bundles, trust, mode) => {
    const password = await passwordOf(keystore, env);
    const { profile, iterations, alias } = keystore;
    const keys = bundles.map(({ privateKeyInfo, chain }, index) => ({
      ...{ privateKeyInfo, certificates: chain },
      friendlyName: index === 0 ? alias : `${alias}-${index + 1}`,
    }));
    const trusted = namedTrust(parsePem(trust).map(({ bytes }) => bytes));
    const write = async (path: string, pfx: Pfx, facts: readonly (string | Uint8Array)[]): Promise<Uint8Array> => {
      const digest = digestOf([password, profile, String(iterations), alias, ...facts]);
      const before = made.get(path);
      if (before?.digest === digest) return before.bytes;
      const bytes = await writePfx(pfx, password, { profile: profiles[profile], iterations, randomBytes });
      made.set(path, { digest, bytes });
      return bytes;
    };
    const { keystorePath, truststorePath } = keystore;
    return [
      {
        path: keystorePath,
        bytes: await write(
          keystorePath,
          keyStore({ keys }),
          keys.flatMap(({ privateKeyInfo, certificates }) => [privateKeyInfo, ...certificates]),
        ),
        // One user reads it here, as the key in PEM.
        mode: mode & 0o700,
      },
      {
        path: truststorePath,
        bytes: await write(
          truststorePath,
          trustStore(trusted),
          trusted.map(({ certificate }) => certificate),
        ),
        mode,
      },
    ];
  };
}

/** Of parts that are told apart by their lengths. */
function digestOf(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    const octets = typeof part === 'string' ? new TextEncoder().encode(part) : part;
    hash.update(`${octets.length}:`).update(octets);
  }
  return hash.digest('hex');
}

async function passwordOf({ password }: Keystore, env: KeystoreOptions['env']): Promise<string> {
  if (password.type === 'env') {
    const value = env[password.name];
    if (value === undefined)
      throw new CliError(
        'ERR_CLI_FILE',
        `Cannot write key stores: the environment variable ${printable(password.name)} is not set`,
      );
    return value;
  }
  try {
    return (await readFile(password.path, 'utf8')).replace(/\r?\n[\s\S]*$/, '');
  } catch (cause) {
    throw new CliError(
      'ERR_CLI_FILE',
      `Cannot write key stores: the password in ${printable(password.path)}: ${systemState(cause)}`,
      { cause },
    );
  }
}
