import type { Pod } from '../manifests/manifest.js';
import { podKey } from './places.js';
import type { RunnerOptions, SourceStatus } from './source-runner.js';
import { createVolumeRunner } from './volume-runner.js';

/** A pod whose volumes are kept as a kubelet keeps them. */
export interface PodRunner {
  readonly pod: Pod;
  readonly status: () => readonly SourceStatus[];
  /** Whether every volume was written at least once. */
  readonly mounted: () => boolean;
  /** What is wrong, each with the pod's name; empty when nothing is. */
  readonly problems: () => readonly string[];
  /** Has the volumes written anew where a trust bundle changed. */
  readonly trustChanged: () => void;
  /** Keeps everything fresh until the signal is aborted; rejects for state that a person has to look at. */
  run(signal: AbortSignal): Promise<void>;
}

/** Makes a pod's runner; nothing happens before {@link PodRunner.run}. */
export function createPodRunner(pod: Pod, options: RunnerOptions): PodRunner {
  const volumes = pod.volumes.map((volume) => createVolumeRunner(pod, volume, options));
  return {
    pod,
    status: () => volumes.flatMap((volume) => volume.status()),
    mounted: () => volumes.every((volume) => volume.mounted()),
    problems: () =>
      volumes.flatMap((volume, i) => {
        const name = `${podKey(pod)}/${pod.volumes[i]!.name}`;
        const found = [...volume.status().map(({ problem }) => problem), volume.problem()].filter(
          (problem) => problem !== undefined,
        );
        if (found.length === 0 && !volume.mounted()) found.push('not written yet');
        return found.map((problem) => `${name}: ${problem}`);
      }),
    trustChanged() {
      for (const volume of volumes) volume.trustChanged();
    },
    async run(signal) {
      await Promise.all(volumes.map((volume) => volume.run(signal)));
    },
  };
}
