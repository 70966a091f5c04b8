import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { UpOptions } from './run-up.js';
import { manifestsOf, popularPod, startRun } from './testing/local-run.js';

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mayfly-state-'));
  directory = join(root, 'state');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const MANIFESTS = manifestsOf(popularPod('web'));
const signer = (): string => join(directory, 'signers/mayfly.dev_workload');
const keyOf = (place: string): string => join(place, readdirSync(place).find((name) => name.endsWith('.key'))!);
const credentials = (): string => {
  const parent = join(directory, 'pods/shop/web/credentials');
  return join(parent, readdirSync(parent)[0]!);
};
const cut = (path: string): void => writeFileSync(path, readFileSync(path).subarray(0, 60));

async function runOnce(): Promise<void> {
  const run = await startRun(MANIFESTS, directory);
  await run.stop();
}

/** What a start, or the run after it, ends with. */
async function failureOf(options: Partial<UpOptions> = {}): Promise<unknown> {
  try {
    const { clock: _, ...rest } = options;
    return await (await startRun(MANIFESTS, directory, rest)).ended;
  } catch (error) {
    return error;
  }
}

test.each<readonly [string, () => void, Partial<UpOptions>, () => string, string]>([
  ['a directory that others may read', () => chmodSync(directory, 0o755), {}, () => directory, 'chmod 700'],
  [
    'a directory of another kind',
    () => rmSync(join(directory, 'mayfly.json')),
    {},
    () => directory,
    'choose an empty one with --state',
  ],
  [
    'another trust domain',
    () => {},
    { trustDomain: 'example.org' },
    () => `${directory} for trust domain example.org: its certificates say cluster.local`,
    'choose another directory with --state',
  ],
  [
    'a state file of another version',
    () => writeFileSync(join(directory, 'mayfly.json'), '{"version":2}'),
    {},
    () => join(directory, 'mayfly.json'),
    'restore it or remove',
  ],
  [
    'a state file that is no JSON',
    () => writeFileSync(join(directory, 'mayfly.json'), 'hello'),
    {},
    () => join(directory, 'mayfly.json'),
    'restore it or remove',
  ],
  [
    "a truncated key of the signer's",
    () => cut(keyOf(signer())),
    {},
    () => keyOf(signer()),
    'restore it from a copy, or remove',
  ],
  [
    'the key of another authority',
    () => {
      const other = join(root, 'other');
      cpSync(signer(), other, { recursive: true });
      rmSync(signer(), { recursive: true });
      writeFileSync(keyOf(other), foreignKey);
      cpSync(other, signer(), { recursive: true });
    },
    {},
    () => `${keyOf(signer())}: it is the key of another authority`,
    'restore it from a copy, or remove',
  ],
  ['a missing key of the signer', () => rmSync(keyOf(signer())), {}, () => `${signer()}/`, 'no such file; restore it'],
  [
    'damaged authorities',
    () => cut(join(signer(), 'authorities.json')),
    {},
    () => join(signer(), 'authorities.json'),
    'restore it from a copy, or remove',
  ],
  [
    "a truncated key of a pod's",
    () => cut(join(credentials(), 'credential-bundle.pem')),
    {},
    () => credentials(),
    'and the pod gets a new certificate',
  ],
  [
    'a key of a pod that belongs to another certificate',
    () => {
      const path = join(credentials(), 'credential-bundle.pem');
      const pem = readFileSync(path, 'utf8');
      writeFileSync(path, foreignKey + pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
    },
    {},
    () => `${credentials()}: its key belongs to another certificate`,
    'and the pod gets a new certificate',
  ],
])('%s is refused with its place and what to do, and left alone', async (_name, damage, options, place, advice) => {
  await runOnce();
  damage();
  const wanted = place();
  const before = contentOf(directory);
  const failure = await failureOf(options);
  expect(failure).toMatchObject({ name: 'CliError', code: 'ERR_CLI_STATE' });
  expect(String(failure)).toContain(wanted);
  expect(String(failure)).toContain(advice);
  expect(String(failure)).not.toMatch(/MIG|MC4/);
  // Nothing was replaced, and the lock is given back.
  for (const [path, bytes] of before)
    if (path.endsWith('.key') || path.endsWith('.pem')) expect(contentOf(directory).get(path)).toEqual(bytes);
  expect(existsSync(join(directory, 'lock'))).toBe(false);
});

const foreignKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
`;

function contentOf(place: string): ReadonlyMap<string, string> {
  const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'latin1')]),
  );
}

test('a pod whose credentials were removed, as the message says, gets a new certificate', async () => {
  await runOnce();
  rmSync(credentials(), { recursive: true });
  const run = await startRun(MANIFESTS, directory);
  expect(run.reasonsOf('shop/web')).toEqual(['VolumeWritten', 'Issued']);
  await run.stop();
});

test('a directory that another run has is refused, naming its process', async () => {
  const run = await startRun(MANIFESTS, directory);
  const failure = await failureOf();
  expect(String(failure)).toMatch(new RegExp(`Cannot lock .*process ${process.pid} on .* has it; stop that process`));
  await run.stop();
  await runOnce();
});

test('a foreign directory is left as it was', async () => {
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(directory, 'thesis.tex'), 'years of work');
  expect(String(await failureOf())).toContain('it holds thesis.tex and no mayfly.json');
  expect(readdirSync(directory)).toEqual(['thesis.tex']);
});

test('an authority that is removed, as the message says, is begun anew and every pod gets a certificate of it', async () => {
  await runOnce();
  rmSync(signer(), { recursive: true });
  const run = await startRun(MANIFESTS, directory);
  expect(run.reasonsOf('shop/web').slice(0, 1)).toEqual(['Rejected']);
  expect(run.reasonsOf('shop/web')).toContain('Issued');
  expect(run.status().health.ready).toBe(true);
  await run.stop();
});

test('lifetimes that an authority cannot outlive are a wrong call', async () => {
  expect(await failureOf({ caLifetime: 600 })).toMatchObject({ code: 'ERR_CLI_USAGE', exitCode: 2 });
});
