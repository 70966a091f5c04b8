import { expect, test } from 'vitest';
import type { UpReason } from '../up/event.js';
import { createRequesterMetrics, type RequesterGauges } from './metrics.js';

const certificate = { serialNumber: 7n, notBefore: 0, since: 10, refreshAt: 2000, notAfter: 3600 };
const labels = { signer: 'example.com/workload', namespace: 'shop', pod: 'web-0' };

/** The value of each line, by its name and what tells it from others of that name. */
async function values(gauges: Partial<RequesterGauges>, reasons: readonly UpReason[] = []) {
  const metrics = createRequesterMetrics(labels, {
    ...{ status: () => undefined, isReady: () => true, clockAhead: () => undefined, now: () => 100 },
    ...gauges,
  });
  for (const reason of reasons) metrics.note({ reason });
  const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const common = 'signer="example.com/workload",namespace="shop",pod="web-0"';
  return Object.fromEntries(
    lines.map((line) => {
      expect(line).toContain(common);
      const [name, value] = line.replace(`,${common}`, '').replace(`{${common}}`, '').split(' ');
      return [name!.replace('mayfly_requester_', ''), Number(value)];
    }),
  );
}

test('before the first certificate nothing is known of one', async () => {
  expect(await values({ isReady: () => false, status: () => undefined })).toEqual({
    ...{ issued_total: 0, ready: 0, pending_request_seconds: 0, clock_ahead_seconds: Number.NaN },
    ...{ certificate_expiry_timestamp_seconds: Number.NaN, refresh_timestamp_seconds: Number.NaN },
    next_attempt_timestamp_seconds: Number.NaN,
  });
});

test('times of the certificate, the request under way and the next attempt', async () => {
  const status = () => ({ certificate, requestedAt: 88, retryAt: 160 });
  expect(await values({ status, clockAhead: () => -3 })).toMatchObject({
    ...{ certificate_expiry_timestamp_seconds: 3600, refresh_timestamp_seconds: 2000 },
    ...{ next_attempt_timestamp_seconds: 160, pending_request_seconds: 12, clock_ahead_seconds: -3, ready: 1 },
  });
});

test('what came into use and what failed is counted, other events are not', async () => {
  const reasons: UpReason[] = ['Issued', 'Rotated', 'Denied', 'Denied', 'RefreshFailed', 'Loaded', 'VolumeWritten'];
  expect(await values({}, reasons)).toMatchObject({
    ...{ issued_total: 2, 'failures_total{reason="Denied"}': 2, 'failures_total{reason="RefreshFailed"}': 1 },
  });
  expect(Object.keys(await values({}, ['Loaded', 'TrustBundleWritten']))).not.toContainEqual(
    expect.stringContaining('failures_total'),
  );
});
