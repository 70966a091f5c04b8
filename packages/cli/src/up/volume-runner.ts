import type { Seconds } from '@mayfly/der';
import { backoffDelay, type CredentialBundle, sleepFor } from '@mayfly/rotation';
import { adviceFor, messageOf } from '../errors.js';
import type { Pod, PodCertificateSource, Volume } from '../manifests/manifest.js';
import { childEnvironment } from '../token-key.js';
import type { UpEvent } from './event.js';
import { createKeystoreFiles } from './keystore.js';
import { podKey } from './places.js';
import { createSourceRunner, type RunnerOptions, type SourceStatus } from './source-runner.js';
import { writePodVolume } from './volume.js';

/** One volume that is kept as a kubelet keeps it. */
export interface VolumeRunner {
  status(): readonly SourceStatus[];
  /** Whether it was written at least once. */
  mounted(): boolean;
  /** Why it could not be written, since when it was last tried. */
  problem(): string | undefined;
  /** Has it written anew, because a trust bundle changed. */
  trustChanged(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Longest wait before a volume that could not be written is written again (F2). */
const MAX_WRITE_DELAY: Seconds = 10;

/** Makes a volume's runner; nothing happens before {@link VolumeRunner.run}. */
export function createVolumeRunner(pod: Pod, volume: Volume, options: RunnerOptions): VolumeRunner {
  const { api, clock, state, keyMode, emit, onChange } = options;
  const directory = options.directoryOf(pod, volume);
  const bundles = new Map<PodCertificateSource, CredentialBundle>();
  const keystoreFiles = createKeystoreFiles({ randomBytes: options.randomBytes, env: childEnvironment() });
  let mounted = false;
  let problem: string | undefined;
  let missing: string | undefined;
  /** Whether what a volume of this pod contains may have changed for another reason than a new certificate. */
  let requested = false;
  let wake = (): void => {};

  const tell = (type: UpEvent['type'], reason: 'VolumeWritten' | 'VolumeNotWritten', message: string): void =>
    emit({ type, reason, pod: podKey(pod), volume: volume.name, message: `${podKey(pod)}/${volume.name} ${message}` });

  /** One writer at a time. */
  let tail: Promise<unknown> = Promise.resolve();
  const write = (isForTrust: boolean): Promise<void> => {
    const done = tail.then(async () => {
      const outcome = await writePodVolume(directory, volume, bundles, {
        api,
        files: state.files,
        keyMode,
        keystoreFiles,
      });
      problem = undefined;
      if (outcome.type === 'incomplete') {
        // That a first certificate is still to come is told by its source.
        if (!mounted && outcome.what !== missing && bundles.size === sources.length)
          tell('Warning', 'VolumeNotWritten', `waits for ${outcome.what}`);
        missing = outcome.what;
        onChange();
        return;
      }
      missing = undefined;
      if (outcome.type === 'written' && !mounted) tell('Normal', 'VolumeWritten', `is in ${directory}`);
      else if (outcome.type === 'written' && isForTrust) tell('Normal', 'VolumeWritten', 'has the new trust bundle');
      mounted = true;
      onChange();
    });
    tail = done.catch(() => {
      // Whoever asked for the write gets the error and tries again.
    });
    return done;
  };

  const requestWrite = (): void => {
    requested = true;
    wake();
  };

  const sources = volume.sources
    .filter((source) => source.type === 'podCertificate')
    .map((source) =>
      createSourceRunner({ pod, volume, source, bundles, write: () => write(false), requestWrite }, options),
    );

  /** Writes whatever was requested, as often as it takes. */
  const keepWritten = async (signal: AbortSignal): Promise<void> => {
    signal.addEventListener('abort', () => wake(), { once: true });
    for (let delay: Seconds | undefined; !signal.aborted; ) {
      if (!requested) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      requested = false;
      try {
        await write(true);
        delay = undefined;
      } catch (error) {
        requested = true;
        const advice = adviceFor(error);
        problem = `${messageOf(error)}${advice === undefined ? '' : `; ${advice}`}`;
        tell('Warning', 'VolumeNotWritten', `stays as it is: ${problem}; attempts go on`);
        onChange();
        delay = backoffDelay(delay, 0, { cap: MAX_WRITE_DELAY });
        await sleepFor(clock, delay, signal);
      }
    }
  };

  return {
    status: () => sources.map((source) => source.status()),
    mounted: () => mounted,
    problem: () => problem ?? (mounted || missing === undefined ? undefined : `waits for ${missing}`),
    trustChanged: requestWrite,
    async run(signal) {
      // A volume of trust bundles alone has no certificate to wait for.
      if (sources.length === 0) requested = true;
      await Promise.all([keepWritten(signal), ...sources.map((source) => source.run(signal))]);
    },
  };
}
