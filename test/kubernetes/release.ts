import { type Release, releases } from './binary.js';

/** The release that `KUBERNETES_RELEASE` names, 1.36 without. */
export function chosenRelease(): Release {
  const name = process.env['KUBERNETES_RELEASE'] ?? '1.36';
  if (isRelease(name)) return name;
  throw new RangeError(`Cannot run Kubernetes ${name}: there are ${Object.keys(releases).join(', ')}`);
}

const isRelease = (name: string): name is Release => Object.hasOwn(releases, name);
