import { expect, test } from 'vitest';
import type { ApiCall } from './client.js';
import { leasesIn } from './lease.js';

test('no call takes as long as a lead lasts, or waits for others', async () => {
  const calls: ApiCall[] = [];
  const request = async (call: ApiCall) => {
    calls.push(call);
    return call.query === undefined ? { metadata: { name: 'l' } } : { items: [{ metadata: { name: 'l' } }] };
  };
  const leases = leasesIn({ request }, 'n');
  const lease = {
    name: 'l',
    labels: {},
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    renewTime: 0,
    leaseTransitions: 0,
  };
  await leases.get('l');
  await leases.create(lease);
  await leases.update(lease, '1');
  await leases.delete('l');
  expect(await leases.list('a=b')).toMatchObject([{ name: 'l' }]);
  expect(calls.map(({ method, urgent, timeout }) => [method, urgent, timeout])).toEqual(
    ['GET', 'POST', 'PUT', 'DELETE', 'GET'].map((method) => [method, true, 3]),
  );
});
