import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Outcome, tryOut } from './formats.js';
import { mutate, mutationFrom } from './mutation.js';
import { targets } from './sources.js';

/** Inputs in all; `npm run fuzz` tries a hundred times as many. */
const INPUTS = 100_000;
const SEED = 20260101;

const all = targets();
/** Extensions are short and share an eighth of the inputs; the other formats share the rest. */
const extensions = all.filter(({ format }) => format.name.startsWith('extension '));
const inputsOf = (name: string): number =>
  Math.ceil(
    name.startsWith('extension ')
      ? INPUTS / 8 / extensions.length
      : ((7 / 8) * INPUTS) / (all.length - extensions.length),
  );

/** Evenly spread, which `fc.double` is not: it favours what is near zero. */
const fraction = fc.noBias(fc.nat(2 ** 31 - 1)).map((n) => n / 2 ** 31);

describe.each(all.map(({ format, sources }) => [format.name, format, sources] as const))(
  '%s',
  (name, format, sources) => {
    test('what is sound comes out the same', () => {
      expect(sources.length).toBeGreaterThan(0);
      for (const source of sources) expect(['same', 'tolerated']).toContain(tryOut(format, source).type);
    });

    test('every cut of the shortest input is refused within it', () => {
      const shortest = sources.reduce((least, source) => (source.length < least.length ? source : least));
      for (let length = 0; length < shortest.length; length++) {
        const outcome = tryOut(format, shortest.subarray(0, length));
        expect(outcome, `cut to ${length}`).toMatchObject({ type: 'refused' });
      }
    });

    test('a cut or another octet is refused within the input, or comes out as it went in', () => {
      const seen = new Map<Outcome['type'], number>();
      fc.assert(
        fc.property(fc.tuple(fraction, fraction, fraction, fraction), (numbers) => {
          const outcome = tryOut(format, mutate(sources, mutationFrom(sources, numbers)));
          seen.set(outcome.type, (seen.get(outcome.type) ?? 0) + 1);
          if (outcome.type === 'failed') throw new Error(outcome.why);
        }),
        { seed: SEED, numRuns: inputsOf(name) },
      );
      expect(seen.get('refused')).toBeGreaterThan(0);
    });
  },
);
