import { basename, dirname, isAbsolute, resolve } from 'node:path';

/** Where credentials are, in the terms of the `podCertificate` volume source. */
export interface CredentialFiles {
  /** Directory that is watched and that relative paths start from. */
  readonly directory: string;
  /** Key and chain in one file, instead of the next two. */
  readonly credentialBundlePath?: string;
  /** Default `tls.key`. */
  readonly keyPath?: string;
  /** Default `tls.crt`. */
  readonly certificateChainPath?: string;
  /** Default `ca.crt`; `false` where there is none. May be absolute: bundles often come in a volume of their own. */
  readonly trustBundlePath?: string | false;
}

/** A file as the volume's directory and its name in there, so that the directory's `..data` can be resolved once. */
export interface FilePlace {
  readonly directory: string;
  readonly name: string;
}

/** {@link CredentialFiles} with every default and path resolved. */
export interface CredentialPlaces {
  readonly privateKey: FilePlace;
  readonly certificateChain: FilePlace;
  readonly trustBundle: FilePlace | undefined;
  /** Every directory to watch, each once. */
  readonly directories: readonly string[];
}

/**
 * Resolves a source to absolute places.
 * @throws TypeError when a bundle is named beside a key or chain file.
 */
export function resolveSource(source: string | CredentialFiles): CredentialPlaces {
  const files = typeof source === 'string' ? { directory: source } : source;
  const { credentialBundlePath, keyPath, certificateChainPath, trustBundlePath = 'ca.crt' } = files;
  if (credentialBundlePath !== undefined && (keyPath ?? certificateChainPath) !== undefined)
    throw new TypeError(
      'Cannot follow credentials: credentialBundlePath and keyPath or certificateChainPath are given',
    );
  const place = (path: string): FilePlace =>
    isAbsolute(path)
      ? { directory: dirname(path), name: basename(path) }
      : { directory: resolve(files.directory), name: path };
  const privateKey = place(credentialBundlePath ?? keyPath ?? 'tls.key');
  const certificateChain = place(credentialBundlePath ?? certificateChainPath ?? 'tls.crt');
  const trustBundle = trustBundlePath === false ? undefined : place(trustBundlePath);
  const directories = new Set([privateKey.directory, certificateChain.directory]);
  if (trustBundle) directories.add(trustBundle.directory);
  return { privateKey, certificateChain, trustBundle, directories: [...directories] };
}
