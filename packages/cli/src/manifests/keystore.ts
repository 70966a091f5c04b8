import { checkUnique, type FieldReader, type Placed } from './field-reader.js';
import { quoted } from './findings.js';
import { filePathFault } from './kubernetes-names.js';
import type { Keystore, Volume } from './manifest.js';

/** Annotations of a pod that ask for key stores beside its PEM files. */
const keystoreKeys = {
  /** `pkcs12`, the only kind there is. */
  keystore: 'mayfly.dev/keystore',
  /** Where it goes in the volume. */
  keystorePath: 'mayfly.dev/keystore-path',
  truststorePath: 'mayfly.dev/truststore-path',
  /** Name of the key in it. */
  alias: 'mayfly.dev/keystore-alias',
  profile: 'mayfly.dev/keystore-profile',
  iterations: 'mayfly.dev/keystore-iterations',
  /** A file whose first line is the password; relative to where mayfly runs. */
  passwordFile: 'mayfly.dev/keystore-password-file',
  /** A variable in the environment of mayfly. */
  passwordEnv: 'mayfly.dev/keystore-password-env',
  /** The one volume that gets them, of several with certificates. */
  volume: 'mayfly.dev/keystore-volume',
} as const;

/** Names of the profiles that a key store can be written with. */
const keystoreProfiles: readonly Keystore['profile'][] = ['modern', 'pbmac1', 'legacy-3des', 'legacy-rc2'];

/** As many as Java's own keytool: the key stands beside it in PEM, so that more would protect nothing. */
const DEFAULT_ITERATIONS = 10_000;
const MAX_ITERATIONS = 10_000_000;

/**
 * Reads the annotations that ask for key stores, and gives them to the volumes that are to have them; what is wrong goes to
 * the findings.
 * @param metadata - The one with the pod's labels.
 */
export function readKeystores(
  metadata: FieldReader | undefined,
  podName: string,
  volumes: readonly Volume[],
): readonly Volume[] {
  if (metadata === undefined || !metadata.has('annotations')) return volumes;
  const annotations = metadata.stringMap('annotations');
  const known: readonly string[] = Object.values(keystoreKeys);
  for (const [key, { place, path }] of annotations)
    if (/^mayfly\.dev\/(?:keystore|truststore)/.test(key) && !known.includes(key))
      metadata.findings.error('ERR_CLI_VALUE', place, path, `is not known; known are ${known.join(', ')}`);
  const kind = annotations.get(keystoreKeys.keystore);
  if (kind === undefined) {
    for (const key of known.slice(1)) {
      const stray = annotations.get(key);
      if (stray !== undefined)
        metadata.findings.error(
          'ERR_CLI_VALUE',
          stray.place,
          stray.path,
          `does nothing without ${keystoreKeys.keystore}: pkcs12`,
        );
    }
    return volumes;
  }
  const keystore = readKeystore(metadata, annotations, kind, podName);
  return assign(metadata, keystore, annotations.get(keystoreKeys.volume), kind, volumes);
}

type Annotations = ReadonlyMap<string, Placed<string>>;

function readKeystore(
  { findings }: FieldReader,
  annotations: Annotations,
  kind: Placed<string>,
  podName: string,
): Keystore {
  const refuse = ({ place, path }: Placed<string>, state: string): void =>
    void findings.error('ERR_CLI_VALUE', place, path, state);
  if (kind.value !== 'pkcs12') refuse(kind, `${quoted(kind.value)} is no kind of key store; known is pkcs12`);
  const file = (key: string, otherwise: string): string => {
    const found = annotations.get(key);
    if (found === undefined) return otherwise;
    const fault = filePathFault(found.value);
    if (fault !== undefined) refuse(found, `${quoted(found.value)} ${fault}`);
    return found.value;
  };
  const profile = annotations.get(keystoreKeys.profile);
  const named = keystoreProfiles.find((name) => name === profile?.value);
  if (profile !== undefined && named === undefined)
    refuse(profile, `${quoted(profile.value)} is no profile; known are ${keystoreProfiles.join(', ')}`);
  const iterations = annotations.get(keystoreKeys.iterations);
  const count = iterations === undefined ? DEFAULT_ITERATIONS : Number(iterations.value);
  if (iterations !== undefined && (!/^\d{1,8}$/.test(iterations.value) || count < 1 || count > MAX_ITERATIONS))
    refuse(iterations, `${quoted(iterations.value)} is no whole number from 1 to ${MAX_ITERATIONS}`);
  const passwordFile = annotations.get(keystoreKeys.passwordFile);
  const passwordEnv = annotations.get(keystoreKeys.passwordEnv);
  if (passwordFile === undefined && passwordEnv === undefined)
    refuse(kind, `needs a password: ${keystoreKeys.passwordFile} or ${keystoreKeys.passwordEnv}`);
  if (passwordFile !== undefined && passwordEnv !== undefined)
    refuse(passwordEnv, `stands beside ${keystoreKeys.passwordFile}: write one of them`);
  for (const source of [passwordFile, passwordEnv]) if (source?.value === '') refuse(source, 'is empty');
  return {
    keystorePath: file(keystoreKeys.keystorePath, 'keystore.p12'),
    truststorePath: file(keystoreKeys.truststorePath, 'truststore.p12'),
    alias: annotations.get(keystoreKeys.alias)?.value ?? podName,
    profile: named ?? 'modern',
    iterations: count,
    password:
      passwordFile === undefined
        ? { type: 'env', name: passwordEnv?.value ?? '' }
        : { type: 'file', path: passwordFile.value },
  };
}

function assign(
  metadata: FieldReader,
  keystore: Keystore,
  wanted: Placed<string> | undefined,
  kind: Placed<string>,
  volumes: readonly Volume[],
): readonly Volume[] {
  const hasKey = ({ name, sources }: Volume): boolean =>
    (wanted === undefined || wanted.value === name) && sources.some(({ type }) => type === 'podCertificate');
  if (!volumes.some(hasKey)) {
    const { place, path } = wanted ?? kind;
    const state =
      wanted === undefined
        ? 'asks for a key store, and no volume has a podCertificate source'
        : `${quoted(wanted.value)} is no volume with a podCertificate source`;
    metadata.findings.error('ERR_CLI_NOT_FOUND', place, path, state);
  }
  return volumes.map((volume) => {
    if (!hasKey(volume)) return volume;
    const { place, path } = kind;
    const written = volume.sources.flatMap((source) =>
      source.type === 'clusterTrustBundle'
        ? [source.path]
        : [source.credentialBundlePath, source.keyPath, source.certificateChainPath].filter((one) => one !== undefined),
    );
    const own = [keystore.keystorePath, keystore.truststorePath];
    checkUnique(metadata, [
      ...written.map((value) => ({ value, place: volume.place, path: `volume ${volume.name}` })),
      ...own.map((value) => ({ value, place, path })),
    ]);
    return { ...volume, keystore };
  });
}
