import { parseCertificate } from '@mayfly/x509';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulatedClock, unsignedCertificate } from '../testing/index.js';
import { encodeAuthorities, parseAuthorities } from './state.js';
import {
  type Authority,
  activate,
  minAuthorityLifetime,
  nextStep,
  prepare,
  recordLeaf,
  retire,
  type SuccessionPolicy,
  signingAuthority,
  trustAnchors,
} from './succession.js';

const seed = 20260729;
/** Bounds the search for a smaller counterexample. */
const interruptAfterTimeLimit = 20_000;
const policy: SuccessionPolicy = { maxLeafLifetime: 3600, propagation: 600, skew: 60, slack: 1200 };
const certificate = (notBefore: number, lifetime: number, serial: number | bigint = 1) =>
  parseCertificate(unsignedCertificate({ notBefore, notAfter: notBefore + lifetime - 1 }, BigInt(serial)));
const authority = (state: Authority['state'], since: number, lastLeafNotAfter = 0, serial = 1): Authority => ({
  certificate: certificate(1000, 20_000, serial),
  state,
  since,
  lastLeafNotAfter,
});

describe('nextStep', () => {
  // notAfter is 20 999, so the successor is due at 20 999 - 3600 - 600 - 1200 = 15 599.
  const active = authority('active', 1000, 9000, 1);
  const prepared = authority('prepared', 5000, 0, 2);
  const retiring = authority('retiring', 6000, 9000, 3);
  test.each<[string, readonly Authority[], number, object]>([
    ['nothing yet', [], 1000, { type: 'prepare' }],
    ['the first waits for nobody', [prepared], 5000, { type: 'activate', authority: prepared }],
    ['active, early', [active], 2000, { type: 'wait', until: 15_599 }],
    ['active, one second before', [active], 15_598, { type: 'wait', until: 15_599 }],
    ['successor due', [active], 15_599, { type: 'prepare' }],
    ['long past everything', [active], 9e9, { type: 'prepare' }],
    ['publish before signing', [active, prepared], 5599, { type: 'wait', until: 5600 }],
    ['propagated', [active, prepared], 5600, { type: 'activate', authority: prepared }],
    ['keep trusting what was signed', [retiring, active], 9060, { type: 'wait', until: 9061 }],
    ['its last leaf is over', [retiring, active], 9061, { type: 'retire', authority: retiring }],
    ['a successor among retiring ones waits', [retiring, prepared], 5100, { type: 'wait', until: 5600 }],
    ['only retiring', [retiring], 7000, { type: 'prepare' }],
    ['never signed', [authority('retiring', 6000, 0, 4), active], 6000, expect.objectContaining({ type: 'retire' })],
  ])('%s', (_name, authorities, now, step) => {
    expect(nextStep(authorities, policy, now)).toEqual(step);
  });

  test('the default slack is a tenth of the lifetime', () => {
    const { slack: _slack, ...rest } = policy;
    expect(nextStep([active], rest, 2000)).toEqual({ type: 'wait', until: 20_999 - 3600 - 600 - 2000 });
  });
});

describe('R24: what is out of order fails', () => {
  const active = authority('active', 1000, 9000, 1);
  const prepared = authority('prepared', 5000, 0, 2);
  const retiring = authority('retiring', 6000, 9000, 3);
  const all = [active, prepared, retiring];
  test.each<[string, () => unknown]>([
    ['prepare what is there', () => prepare(all, active.certificate, 5000)],
    ['activate before propagation', () => activate(all, prepared, policy, 5599)],
    ['activate what is active', () => activate(all, active, policy, 9999)],
    ['activate a stranger', () => activate([active], prepared, policy, 9999)],
    ['retire what is active', () => retire(all, active, policy, 99_999)],
    ['retire while a leaf is trusted', () => retire(all, retiring, policy, 9060)],
    ['sign with a prepared one', () => recordLeaf(all, prepared, 9000)],
    ['sign what outlives the issuer', () => recordLeaf(all, active, 21_000)],
  ])('%s', (_name, action) => {
    expect(action).toThrow(expect.objectContaining({ code: 'ERR_ROTATION_ORDER' }));
  });

  test('in order: the active one retires when its successor begins', () => {
    const after = activate(all, prepared, policy, 5600);
    expect(after.map(({ state, since }) => [state, since])).toEqual([
      ['retiring', 5600],
      ['active', 5600],
      ['retiring', 6000],
    ]);
    expect(retire(after, retiring, policy, 9061)).toEqual(after.slice(0, 2));
    expect(trustAnchors(after).map(({ serialNumber }) => serialNumber)).toEqual([1n, 2n, 3n]);
  });

  test('a leaf until no second at all is not noted', () => {
    expect(() => recordLeaf([active], active, Number.NaN)).toThrow(RangeError);
  });

  test('the last leaf only moves forward', () => {
    expect(recordLeaf([active], active, 8000)[0]!.lastLeafNotAfter).toBe(9000);
    expect(recordLeaf([active], active, 9500)[0]!.lastLeafNotAfter).toBe(9500);
  });
});

test('without propagation and skew succession still comes to rest in every second', () => {
  const bare = { maxLeafLifetime: 90, propagation: 0, skew: 0 };
  let authorities = prepare([], certificate(1000, minAuthorityLifetime(bare)), 1000);
  authorities = activate(authorities, authorities[0]!, bare, 1000);
  expect(nextStep(authorities, bare, 1000)).toMatchObject({ type: 'wait' });
});

test('signs only while it outlives the longest leaf', () => {
  const active = authority('active', 1000);
  expect(signingAuthority([active], policy, 20_999 - 3600)).toBe(active);
  expect(signingAuthority([active], policy, 20_999 - 3599)).toBeUndefined();
  expect(signingAuthority([authority('prepared', 1000)], policy, 2000)).toBeUndefined();
});

test.each([
  [policy, 3600 + 1200 + 60 + 1200 + 2],
  [{ maxLeafLifetime: 3600, propagation: 600 }, Math.ceil(((3600 + 1200 + 300 + 2) * 10) / 9)],
])('minAuthorityLifetime(%o) is %d s', (of, lifetime) => {
  expect(minAuthorityLifetime(of)).toBe(lifetime);
});

interface Leaf {
  readonly issuer: bigint;
  readonly notAfter: number;
}

/** A policy, and how an authority lives by it. */
const policies = fc
  .record({
    maxLeafLifetime: fc.integer({ min: 60, max: 100_000 }),
    propagation: fc.integer({ min: 0, max: 20_000 }),
    skew: fc.integer({ min: 0, max: 600 }),
    extra: fc.integer({ min: 0, max: 500_000 }),
  })
  .map(({ extra, ...rest }) => ({ policy: rest, lifetime: minAuthorityLifetime(rest) + extra }));

/** Walks through a history of looks at the clock, issuing leaves, and checks the invariants at each. */
async function live(
  { policy, lifetime }: { policy: SuccessionPolicy; lifetime: number },
  looks: readonly { tick: number; leaf: number; crash: boolean }[],
  mayPause: boolean,
): Promise<void> {
  const clock = simulatedClock({ now: 1000, settle: () => Promise.resolve() });
  const { propagation, skew = 300 } = policy;
  const backdate = Math.min(skew, 120);
  const order = ['prepared', 'active', 'retiring'];
  const bundles: { readonly from: number; readonly issuers: ReadonlySet<bigint> }[] = [];
  const leaves: Leaf[] = [];
  const reached = new Map<bigint, number>();
  let authorities: readonly Authority[] = [];
  let serial = 0n;
  let wasActive = false;

  for (const { tick, leaf, crash } of looks) {
    const now = clock.now();
    for (;;) {
      // (5) The state is all there is: read back from disk, it has the same future.
      const replayed = parseAuthorities(encodeAuthorities(authorities));
      const step = nextStep(authorities, policy, now);
      expect(nextStep(replayed, policy, now)).toEqual(step);
      if (crash) authorities = replayed;
      if (step.type === 'wait') {
        expect(step.until).toBeGreaterThan(now);
        break;
      }
      if (step.type === 'prepare')
        authorities = prepare(authorities, certificate(now - backdate, lifetime, ++serial), now);
      else if (step.type === 'activate') authorities = activate(authorities, step.authority, policy, now);
      else authorities = retire(authorities, step.authority, policy, now);
      // (4) Nobody goes back.
      for (const {
        certificate: { serialNumber },
        state,
      } of authorities) {
        expect(order.indexOf(state)).toBeGreaterThanOrEqual(reached.get(serialNumber) ?? 0);
        reached.set(serialNumber, order.indexOf(state));
      }
      bundles.push({
        from: now,
        issuers: new Set(trustAnchors(authorities).map(({ serialNumber }) => serialNumber)),
      });
    }
    // (2) Exactly one is active once the first was.
    const active = authorities.filter(({ state }) => state === 'active').length;
    wasActive ||= active > 0;
    expect(active).toBe(wasActive ? 1 : 0);

    const signer = signingAuthority(authorities, policy, now);
    if (!mayPause) expect(signer).toBeDefined(); // R20
    if (signer !== undefined) {
      const notAfter = now + Math.ceil(leaf * policy.maxLeafLifetime);
      authorities = recordLeaf(authorities, signer, notAfter);
      // (3) No leaf outlives its issuer.
      expect(notAfter).toBeLessThanOrEqual(signer.certificate.validity.notAfter);
      leaves.push({ issuer: signer.certificate.serialNumber, notAfter });
    }

    // (1) Every unexpired leaf chains to an anchor in every bundle that a relying party may still have, also one whose
    // clock is behind.
    const current = bundles.findLastIndex(({ from }) => from <= now - propagation);
    for (const { issuers } of bundles.slice(Math.max(0, current)))
      for (const { issuer, notAfter } of leaves) if (now <= notAfter + skew) expect(issuers).toContain(issuer);
    await clock.advance(tick);
  }
}

const looks = (tick: fc.Arbitrary<number>) =>
  fc.array(fc.record({ tick, leaf: fc.double({ min: 0.01, max: 1, noNaN: true }), crash: fc.boolean() }), {
    minLength: 20,
    maxLength: 120,
  });

test('the five invariants hold for looks at any interval', async () => {
  await fc.assert(
    fc.asyncProperty(
      policies,
      looks(fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 3_000_000 }))),
      (how, history) => live(how, history, true),
    ),
    { seed, numRuns: 60, interruptAfterTimeLimit },
  );
});

test('R20: signing never pauses when the intervals are at most a twentieth of the lifetime', async () => {
  const histories = policies.chain((how) =>
    fc.tuple(fc.constant(how), looks(fc.integer({ min: 0, max: Math.floor(how.lifetime / 20) }))),
  );
  await fc.assert(
    fc.asyncProperty(histories, ([how, history]) => live(how, history, false)),
    { seed, numRuns: 60, interruptAfterTimeLimit },
  );
});
