import { expect, test } from 'vitest';
import { createReadiness } from './readiness.js';

function somePods(count: number) {
  let asked = 0;
  const told: string[] = [];
  const pods = Array.from({ length: count }, (_, i) => {
    const pod = {
      found: [`pod-${i}: no certificate yet`],
      problems() {
        asked++;
        return pod.found;
      },
    };
    return pod;
  });
  const readiness = createReadiness(pods, ({ reason, message }) => void told.push(`${reason}: ${message}`));
  const change = (i: number, ...found: string[]) => {
    pods[i]!.found = found;
    readiness.changed(pods[i]!);
  };
  return { told, change, asked: () => asked };
}

test('a change asks the pod that it is about, and no other', () => {
  const { told, change, asked } = somePods(1000);
  expect(asked()).toBe(1000);
  for (let i = 0; i < 1000; i++) change(i);
  expect(asked()).toBe(2000);
  expect(told).toEqual(['Ready: Every pod has its certificates']);
});

test('is told when the last pod becomes ready and when the first no longer is', () => {
  const { told, change } = somePods(2);
  change(0);
  change(0);
  expect(told).toEqual([]);
  change(1);
  change(1);
  change(0, 'a', 'b', 'c', 'd');
  change(1, 'e');
  change(0);
  expect(told).toHaveLength(2);
  change(1);
  expect(told).toEqual([
    'Ready: Every pod has its certificates',
    'NotReady: Not ready: a; b; c and 1 more',
    'Ready: Every pod has its certificates',
  ]);
});
