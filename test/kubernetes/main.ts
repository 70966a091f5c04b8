// Builds the control plane that the suites run against, where it is not in the cache: node --import ./typescript.mjs kubernetes/main.ts
import { buildBinary } from './binary.js';
import { chosenRelease } from './release.js';

const binary = await buildBinary(chosenRelease(), (line) => console.error(line));
if (binary === undefined) throw new Error('Cannot build Kubernetes: there is no Go');
