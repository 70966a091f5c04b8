import { type CredentialBundle, encodeBundle, parseBundle, type Store } from '../bundle.js';
import { RotationError } from '../errors.js';
import { readVolume, type VolumeFile, type VolumeOptions, writeVolume } from './volume.js';

const BUNDLE = 'credential-bundle.pem';
const REFRESH_AT = 'refresh-at';

/**
 * Keeps a bundle in a volume of its own: `credential-bundle.pem` (key first, then the chain) and `refresh-at` (seconds
 * since 1970-01-01T00:00:00Z), both 0600 and replaced together.
 */
export function directoryStore(directory: string, options: VolumeOptions = {}): Store {
  return {
    /** @throws {@link RotationError} `ERR_ROTATION_BUNDLE`, and what `readVolume` throws. */
    async load() {
      const content = await readVolume(directory, options.files);
      if (content === undefined) return undefined;
      const text = (name: string): string | undefined => {
        const file = content.find(({ path }) => path === name);
        return file && new TextDecoder().decode(file.bytes);
      };
      const pem = text(BUNDLE);
      if (pem === undefined)
        throw new RotationError('ERR_ROTATION_BUNDLE', `Cannot load ${directory}/${BUNDLE}: no such file`);
      const refreshAt = text(REFRESH_AT);
      if (refreshAt !== undefined && !/^\d{1,15}\n$/.test(refreshAt))
        throw new RotationError(
          'ERR_ROTATION_BUNDLE',
          `Cannot load ${directory}/${REFRESH_AT}: not a number of seconds`,
        );
      const bundle = parseStored(directory, pem);
      return refreshAt === undefined ? bundle : { ...bundle, refreshAt: Number(refreshAt) };
    },
    async replace(bundle) {
      const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
      const content: VolumeFile[] = [{ path: BUNDLE, bytes: encode(encodeBundle(bundle)) }];
      if (bundle.refreshAt !== undefined) content.push({ path: REFRESH_AT, bytes: encode(`${bundle.refreshAt}\n`) });
      await writeVolume(directory, content, options);
    },
  };
}

function parseStored(directory: string, pem: string): CredentialBundle {
  try {
    return parseBundle(pem);
  } catch (cause) {
    const state = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new RotationError('ERR_ROTATION_BUNDLE', `Cannot load ${directory}/${BUNDLE}: ${state}`, { cause });
  }
}
