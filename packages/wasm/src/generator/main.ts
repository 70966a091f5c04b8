import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { artefacts } from './artefacts.js';
import { kernels } from './kernels.js';

// npm run build:wasm: writes src/kernels anew and tells the sizes.
const directory = fileURLToPath(new URL('../kernels/', import.meta.url));
const files = artefacts(kernels);
mkdirSync(directory, { recursive: true });
for (const stale of readdirSync(directory)) if (!files.has(stale)) rmSync(`${directory}${stale}`);
for (const [name, bytes] of files) {
  writeFileSync(`${directory}${name}`, bytes);
  if (name.endsWith('.wasm'))
    console.log(`${name.padEnd(24)}${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzip`);
}
