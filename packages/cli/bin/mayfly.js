#!/usr/bin/env node
import { existsSync } from 'node:fs';

// A checkout that nobody has built yet has no dist.
const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) await import(main.href).then(({ run }) => run(process.argv));
else {
  process.stderr.write('mayfly: Cannot start: it is not built yet; run "npm run build" in the repository first\n');
  process.exitCode = 1;
}
