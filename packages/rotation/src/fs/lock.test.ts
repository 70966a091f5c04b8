import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { faultyFiles } from '../testing/index.js';
import { lockDirectory } from './lock.js';
import { type FileOperations, systemFiles } from './operations.js';
import { type Processes, type ProcessIdentity, systemProcesses } from './processes.js';

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mayfly-lock-'));
  directory = join(root, 'state');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Processes that a test lets live and die. */
function population() {
  const dead = new Set<number>();
  const as = (pid: number): Processes => ({
    self: async () => ({ pid, host: 'here' }),
    state: async (other) => (other.host !== 'here' ? 'unknown' : dead.has(other.pid) ? 'dead' : 'alive'),
  });
  return { dead, as };
}
const locked = { code: 'ERR_ROTATION_LOCKED' };

test('one owner at a time, and the next after its release', async () => {
  const first = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toMatchObject({
    ...locked,
    message: expect.stringContaining(`process ${process.pid} on `),
  });
  await first.release();
  await first.release();
  const second = await lockDirectory(directory);
  await first.release();
  await expect(lockDirectory(directory)).rejects.toMatchObject(locked);
  await second.release();
  expect(readdirSync(directory)).toEqual([]);
});

test('what the dead left is taken over, and cleared', async () => {
  const { dead, as } = population();
  for (const pid of [1, 2, 3]) {
    await lockDirectory(directory, { processes: as(pid) });
    dead.add(pid);
  }
  const lock = await lockDirectory(directory, { processes: as(4) });
  expect(readdirSync(directory)).toEqual(['lock']);
  expect(JSON.parse(readFileSync(join(directory, 'lock'), 'utf8'))).toMatchObject({ pid: 4 });
  await lock.release();
});

test('an owner on another machine is never judged dead', async () => {
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(join(directory, 'lock'), JSON.stringify({ nonce: 'ab', pid: 1, host: 'there' }));
  await expect(lockDirectory(directory, { processes: population().as(2) })).rejects.toMatchObject({
    ...locked,
    message: expect.stringContaining(`remove ${join(directory, 'lock')}`),
  });
});

test.each([
  ['readable by others', () => mkdirSync(directory, { mode: 0o755 }), {}],
  ['somebody else owns it', () => mkdirSync(directory, { mode: 0o700 }), { uid: 4_000_000 }],
  ['it is a link', () => symlinkSync('.', directory), {}],
  [
    'a lock that names nobody',
    () => {
      mkdirSync(directory, { mode: 0o700 });
      writeFileSync(join(directory, 'lock'), '{}');
    },
    {},
  ],
])('refuses a directory when %s', async (_name, make, options) => {
  make();
  if (_name.startsWith('readable')) chmodSync(directory, 0o755);
  await expect(lockDirectory(directory, options)).rejects.toMatchObject({ code: 'ERR_ROTATION_UNSAFE' });
});

describe('two at once', () => {
  /** Lets every operation of several processes happen in an order that the seed decides. */
  function interleaved(seed: number) {
    let state = seed;
    const random = (n: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * n);
    };
    const waiting: (() => void)[] = [];
    const proxy = new Proxy(systemFiles, {
      get:
        (target, name: keyof FileOperations) =>
        async (...args: never[]) => {
          await new Promise<void>((resolve) => waiting.push(resolve));
          // The operation of that name takes the arguments it was called with.
          return (target[name] as (...args: never[]) => unknown)(...args);
        },
    });
    return {
      files: proxy,
      async drive(done: Promise<unknown>) {
        let isDone = false;
        void done.finally(() => {
          isDone = true;
        });
        while (!isDone) {
          waiting.splice(random(waiting.length), 1)[0]?.();
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    };
  }

  test.each([
    ['nobody before', 0],
    ['one dead', 1],
    ['two dead', 2],
  ])('%s: exactly one of three gets it, in any order of their operations', async (_name, deaths) => {
    for (let seed = 1; seed <= 40; seed++) {
      rmSync(directory, { recursive: true, force: true });
      const { dead, as } = population();
      mkdirSync(directory, { mode: 0o700 });
      if (deaths > 0) writeFileSync(join(directory, 'lock'), JSON.stringify({ nonce: 'a1', pid: 1, host: 'here' }));
      if (deaths > 1) writeFileSync(join(directory, 'lock.a1'), JSON.stringify({ nonce: 'a2', pid: 2, host: 'here' }));
      dead.add(1).add(2);
      const { files, drive } = interleaved(seed);
      const results = Promise.allSettled(
        [11, 12, 13].map((pid) => lockDirectory(directory, { files, processes: as(pid) })),
      );
      await drive(results);
      const winners = (await results).filter(({ status }) => status === 'fulfilled');
      expect(winners.length).toBe(1);
    }
  });
});

test('F1: killed at every operation, the next process still gets it', async () => {
  for (const fault of ['crash', 'torn', 'late'] as const) {
    const counting = faultyFiles(systemFiles);
    const { dead, as } = population();
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, 'lock'), JSON.stringify({ nonce: 'a1', pid: 1, host: 'here' }));
    dead.add(1);
    await lockDirectory(directory, { processes: as(2), files: counting.files });
    dead.add(2);
    for (let at = 0; at < counting.log.length; at++) {
      const { files } = faultyFiles(systemFiles, { at, fault });
      await lockDirectory(directory, { processes: as(100 + at), files }).catch(() => {});
      dead.add(100 + at);
      const lock = await lockDirectory(directory, { processes: as(3) });
      await expect(lockDirectory(directory, { processes: as(4) })).rejects.toMatchObject(locked);
      dead.add(3);
      await lock.release();
      await lockDirectory(directory, { processes: as(5) });
      dead.add(5);
      dead.delete(3);
    }
    rmSync(directory, { recursive: true });
  }
});

describe('the processes of this machine', () => {
  test('this one is alive', async () => {
    expect(await systemProcesses.state(await systemProcesses.self())).toBe('alive');
  });

  test('a child is alive until it is killed', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const { started: _own, ...self } = await systemProcesses.self();
    const identity: ProcessIdentity = { ...self, pid: child.pid! };
    expect(await systemProcesses.state(identity)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await systemProcesses.state(identity)).toBe('dead');
  });

  const isLinux = existsSync('/proc/self/stat');
  test.skipIf(!isLinux)(
    `a number that is used again is another process${isLinux ? '' : ' (no /proc here)'}`,
    async () => {
      const self = await systemProcesses.self();
      expect(await systemProcesses.state({ ...self, started: '1' })).toBe('dead');
      expect(await systemProcesses.state({ ...self, boot: 'another' })).toBe('dead');
      expect(await systemProcesses.state({ ...self, boot: 'another', host: 'elsewhere' })).toBe('unknown');
      expect(await systemProcesses.state({ ...self, namespace: 'pid:[1]' })).toBe('unknown');
    },
  );
});
