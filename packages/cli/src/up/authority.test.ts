import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equalBytes } from '@mayfly/der';
import { parsePem } from '@mayfly/der/pem';
import { systemFiles } from '@mayfly/rotation/fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type LocalAuthorityOptions, openLocalAuthority } from './authority.js';
import type { UpEvent } from './event.js';
import { openKeys } from './keys.js';
import { testClock } from './testing/local-run.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-authority-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** An authority of an hour for leaves of five minutes, whose bundle can be kept from being published. */
async function openedAuthority(now?: number) {
  const clock = testClock(now);
  const events: Omit<UpEvent, 'at'>[] = [];
  let bundle: readonly Uint8Array[] = [];
  let refusal: Error | undefined;
  const api: LocalAuthorityOptions['api'] = {
    async applyTrustBundle({ metadata, spec }) {
      if (refusal !== undefined) throw refusal;
      bundle = parsePem(spec.trustBundle).map(({ bytes }) => bytes);
      return {
        metadata: { uid: '', resourceVersion: '', creationTimestamp: 0, ownerReferences: [], labels: {}, ...metadata },
        spec: { signerName: '', ...spec },
      };
    },
  };
  const authority = await openLocalAuthority({
    directory,
    files: systemFiles,
    keys: await openKeys('node', () => {}),
    signerName: 'mayfly.dev/workload',
    api,
    clock,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    lifetime: 3600,
    backdate: 0,
    succession: { maxLeafLifetime: 300, propagation: 60, skew: 5 },
    emit: (event) => void events.push(event),
  });
  const stop = new AbortController();
  const running = authority.run(stop.signal);
  return {
    clock,
    reasons: () => events.map(({ reason }) => reason),
    bundle: () => bundle,
    refuse: (error: Error | undefined): void => {
      refusal = error;
    },
    sign: () => authority.compiled('peer'),
    /** Whether what is signed now is signed by an authority of the bundle. */
    signsAsPublished(): boolean {
      const { der } = authority.compiled('peer').issuer.certificate;
      return bundle.some((anchor) => equalBytes(anchor, der));
    },
    async stop(): Promise<void> {
      stop.abort(new Error('stopped'));
      await running;
    },
  };
}

const keys = (): number => readdirSync(directory).filter((name) => name.endsWith('.key')).length;

test('an authority whose bundle could not be published does not sign, nor leaves keys behind', async () => {
  const run = await openedAuthority();
  run.refuse(new Error('the disk is full'));
  await run.clock.advance(3000);
  expect(run.reasons()).toEqual(expect.arrayContaining(['AuthorityCreated', 'SignerRetries']));
  expect(run.reasons()).not.toContain('AuthorityActivated');
  expect([run.signsAsPublished(), run.bundle().length, keys()]).toEqual([true, 1, 1]);
  run.refuse(undefined);
  // Its time to reach everybody begins with the bundle.
  await run.clock.advance(50);
  expect([run.signsAsPublished(), run.bundle().length]).toEqual([true, 2]);
  expect(run.reasons()).not.toContain('AuthorityActivated');
  await run.clock.advance(30);
  expect(run.reasons()).toContain('AuthorityActivated');
  expect(run.signsAsPublished()).toBe(true);
  await run.stop();
});

test('a bundle that could not be published without the retired authority is published later', async () => {
  const run = await openedAuthority();
  while (!run.reasons().includes('AuthorityPrepared')) await run.clock.advance(30);
  expect(run.bundle()).toHaveLength(2);
  run.refuse(new Error('the disk is full'));
  await run.clock.advance(100);
  expect(run.reasons()).toContain('SignerRetries');
  expect([run.bundle().length, keys()]).toEqual([2, 1]);
  run.refuse(undefined);
  await run.clock.advance(20);
  expect(run.bundle()).toHaveLength(1);
  expect(run.signsAsPublished()).toBe(true);
  await run.stop();
});

test('nothing is signed while the clock stands before what it has shown, also after a restart', async () => {
  const began = 1_800_000_000;
  const first = await openedAuthority(began);
  await first.clock.advance(600);
  first.sign();
  await first.clock.step(-100);
  expect(first.sign).toThrow(
    expect.objectContaining({ code: 'ERR_CA_ISSUER_EXPIRING', message: expect.stringContaining('set back by 1m40s') }),
  );
  await first.clock.step(100);
  first.sign();
  await first.stop();
  const second = await openedAuthority(began - 10);
  expect(second.sign).toThrow(/the clock was set back by 10s/);
  await second.stop();
  const third = await openedAuthority(began + 700);
  third.sign();
  await third.stop();
});
