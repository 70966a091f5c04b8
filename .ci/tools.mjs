import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { step } from './step.mjs';

/** Foreign programs that judge what Mayfly makes, by the Debian packages that have them. */
const packages = {
  openssl: 'openssl',
  keytool: 'openjdk-17-jdk-headless',
  pk12util: 'libnss3-tools',
  certtool: 'gnutls-bin',
};

/**
 * Installs what is missing from Debian's packages: in CI, as root, where there is apt-get. What stays missing shows as skipped
 * tests that name it.
 */
async function installTools() {
  const path = (process.env.PATH ?? '').split(delimiter);
  const isMissing = (program) => !path.some((directory) => existsSync(join(directory, program)));
  const missing = Object.keys(packages).filter(isMissing);
  if (missing.length === 0) return;
  const canInstall =
    process.env.CI === 'true' && process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (!canInstall) return;
  const wanted = missing.map((program) => packages[program]);
  const updated = await step('Updating the package lists', 'apt-get', ['update', '-q']);
  // One that this release lacks must not keep the others away.
  for (const name of updated ? new Set(wanted) : [])
    await step(`Installing ${name}`, 'apt-get', ['install', '-y', '-q', '--no-install-recommends', name]);
}

await installTools();
