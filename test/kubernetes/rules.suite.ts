import { describe, expect, inject, test } from 'vitest';
import { adminOf } from './connect.js';
import { ensureNamespace } from './objects.js';
import { bundle, bundleRows, undecodableBundles } from './rules/bundles.js';
import { embeddedJudge, type Judge, realJudge } from './rules/judges.js';
import type { Outcome } from './rules/outcome.js';
import { pairRows, request, specRows, stubRows, undecodableRequests } from './rules/requests.js';
import { conditionRows, issuedRows, MAX, stub, undecodableStatuses } from './rules/statuses.js';

const admin = adminOf(inject('cluster'));
await ensureNamespace(admin, 'shop');
const real = realJudge(admin);
const embedded = await embeddedJudge();
let rows = 0;

/** Asks both; the real server has to say what the row expects, and the embedded one the same to the letter. */
async function agree(
  refused: readonly string[] = [],
  ask: (judge: Judge, name: string) => Promise<Outcome>,
  name: string = `row-${rows++}`,
  refusedFrom37?: readonly string[],
) {
  const outcome = await ask(real, name);
  const isOther = refusedFrom37 !== undefined && inject('cluster').minor >= 37;
  const told = isOther ? refusedFrom37 : refused;
  expect(outcome.causes.map((cause, index) => cause.slice(0, told[index]?.length ?? 0))).toEqual(told);
  expect(outcome.status).toBe(told.length > 0 ? 422 : 200);
  const { causes, ...ours } = await ask(embedded, name);
  expect({ ...ours, causes: isOther ? outcome.causes : causes }).toEqual(outcome);
}

/** Asks both for what cannot be decoded: status, reason and the beginning of the message are one. */
async function agreeOnBadRequest(ask: (judge: Judge, name: string) => Promise<Outcome>) {
  const name = `row-${rows++}`;
  const outcomes = [await ask(real, name), await ask(embedded, name)];
  for (const { status, reason, message, causes } of outcomes)
    expect({ status, reason, causes, message }).toEqual({
      ...{ status: 400, reason: 'BadRequest', causes: [] },
      message: expect.stringMatching(/^(\w+) in version "v1beta1" cannot be handled as a \1: /),
    });
}

describe('requests', () => {
  for (const [row, changes] of undecodableRequests)
    test(row, () => agreeOnBadRequest((judge, name) => judge.create(request(name, changes))));
  for (const [row, changes, refused] of [...specRows, ...stubRows, ...pairRows])
    test(row, () => agree(refused, (judge, name) => judge.create(request(name, changes))));
});

describe('statuses', () => {
  const changes = { maxExpirationSeconds: MAX, stubPKCS10Request: stub };
  for (const [row, statuses, refused, from37] of [...conditionRows, ...issuedRows])
    test(row, () =>
      agree(refused, (judge, name) => judge.writeStatuses(request(name, changes), statuses), undefined, from37),
    );
  for (const [row, status] of undecodableStatuses)
    test(row, () => agreeOnBadRequest((judge, name) => judge.writeStatuses(request(name, changes), [status])));
  test('to a version that is not the newest', async () => {
    const denied = conditionRows[0]![1][0];
    const outcome = await real.writeStale(request('stale'), denied);
    expect(outcome).toMatchObject({ status: 409, reason: 'Conflict' });
    expect(await embedded.writeStale(request('stale'), denied)).toEqual(outcome);
  });
});

describe('trust bundles', () => {
  for (const [row, spec] of undecodableBundles)
    test(row, () => agreeOnBadRequest((judge, name) => judge.writeBundles([bundle(name, spec)])));
  for (const [row, bundleName, specs, refused] of bundleRows)
    test(row, () =>
      agree(refused, (judge, name) => judge.writeBundles(specs.map((spec) => bundle(name, spec))), bundleName),
    );
});
