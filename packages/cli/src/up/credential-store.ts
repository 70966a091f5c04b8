import { equalBytes, type Seconds } from '@mayfly/der';
import { type CredentialBundle, RotationError, type Store } from '@mayfly/rotation';
import { directoryStore, type FileOperations } from '@mayfly/rotation/fs';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { validatePathSync } from '@mayfly/x509/path';
import type { SyncVerifySignature } from '@mayfly/x509/signed';
import { CliError, messageOf } from '../errors.js';
import type { Keys } from './keys.js';

/**
 * Keeps key and chain of one source in a private directory.
 * @returns A store whose `load` checks that the key belongs to the certificate, and throws {@link CliError}
 * `ERR_CLI_STATE` for files that are broken, saying which and what to do.
 */
export function credentialStore(place: string, files: FileOperations, { fromPkcs8 }: Pick<Keys, 'fromPkcs8'>): Store {
  const stored = directoryStore(place, { files });
  return {
    replace: stored.replace,
    async load() {
      try {
        const bundle = await stored.load();
        if (bundle === undefined) return undefined;
        const key = fromPkcs8(bundle.privateKeyInfo);
        key.destroy?.();
        if (equalBytes(key.subjectPublicKeyInfo, parseCertificate(bundle.chain[0]!).subjectPublicKeyInfo))
          return bundle;
        throw new RotationError('ERR_ROTATION_BUNDLE', `Cannot use ${place}: its key belongs to another certificate`);
      } catch (cause) {
        if (cause instanceof RotationError && cause.code === 'ERR_ROTATION_IO') throw cause;
        const state = messageOf(cause);
        throw new CliError(
          'ERR_CLI_STATE',
          `${state.includes(place) ? state : `Cannot use ${place}: ${state}`}; remove ${place}, and the pod gets a new certificate`,
          { cause },
        );
      }
    },
  };
}

/** Why the chain of a certificate leads to none of the anchors; `undefined` when it does. */
export function distrustOf(
  { chain }: CredentialBundle,
  anchors: readonly Certificate[],
  at: Seconds,
  verify: SyncVerifySignature,
): string | undefined {
  const [leaf, ...intermediates] = chain.map((der) => parseCertificate(der));
  const path = validatePathSync(leaf!, { anchors, intermediates, at, mode: 'workload', verify }); // a chain has a leaf
  return path.ok ? undefined : path.message;
}
