import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root, step } from './step.mjs';

/** Foreign programs that judge what Mayfly makes, and browsers that run it, by the Debian packages that have them. */
const packages = {
  openssl: 'openssl',
  keytool: 'openjdk-17-jdk-headless',
  pk12util: 'libnss3-tools',
  certtool: 'gnutls-bin',
  'softhsm2-util': 'softhsm2',
  chromium: 'chromium',
  'firefox-esr': 'firefox-esr',
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

/** Other runtimes, from the registry. What does not come shows as a skipped test too. */
async function installRuntimes() {
  const inRuntimes = ['--prefix', join(root, 'test/runtimes')];
  if (process.env.CI !== 'true' || spawnSync('npm', ['ls', ...inRuntimes]).status === 0) return;
  const options = ['--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await step('Installing other runtimes', 'npm', ['ci', ...inRuntimes, ...options]);
}

/** The binding to PKCS#11 modules, compiled here: a test of tokens is skipped without it, and nothing else needs it. */
async function installPkcs11() {
  const inPkcs11 = ['--prefix', join(root, 'test/pkcs11')];
  if (process.env.CI !== 'true' || spawnSync('npm', ['ls', ...inPkcs11]).status === 0) return;
  await step('Installing the PKCS#11 binding', 'npm', [
    'ci',
    ...inPkcs11,
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
}

/** Bouncy Castle, from Maven Central: Java's own provider has no PBMAC1. */
async function installBouncyCastle() {
  const at = join(homedir(), '.m2/repository/org/bouncycastle/bcprov-jdk18on');
  if (process.env.CI !== 'true' || existsSync(at) || spawnSync('mvn', ['-v']).status !== 0) return;
  await step('Installing Bouncy Castle', 'mvn', [
    '-q',
    '-B',
    'dependency:get',
    '-Dartifact=org.bouncycastle:bcprov-jdk18on:1.87',
  ]);
}

/** pyca/cryptography, whose wheel has an OpenSSL of its own. */
async function installPyca() {
  const has = (program, ...args) => spawnSync(program, args).status === 0;
  if (process.env.CI !== 'true' || has('python3', '-c', 'import cryptography') || !has('python3', '-m', 'pip', '-V'))
    return;
  await step('Installing pyca/cryptography', 'python3', ['-m', 'pip', 'install', '-q', 'cryptography>=48']);
}

await installTools();
await installBouncyCastle();
await installPyca();
await installRuntimes();
await installPkcs11();
