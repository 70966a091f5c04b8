import { describe, expect, test } from 'vitest';
import { readArguments } from './arguments.js';
import { suites } from './suites.js';

const namesOf = (args: readonly string[]) => {
  const task = readArguments(args);
  return task.kind === 'measure' ? task.chosen.map(({ name }) => name) : [];
};

describe('arguments', () => {
  test('nothing is a quick look at the suites that are quick', () => {
    expect(readArguments([])).toMatchObject({ kind: 'measure', effort: 'quick', rounds: 4, save: false });
    expect(namesOf([])).toEqual(suites.filter(({ quick }) => quick).map(({ name }) => name));
  });

  test('suites that are named are measured at length, unless a quick look is asked for', () => {
    expect(readArguments(['parse'])).toMatchObject({ effort: 'full', rounds: 12 });
    expect(readArguments(['parse', '--quick', '--rounds', '7'])).toMatchObject({ effort: 'quick', rounds: 7 });
    expect(namesOf(['crl', 'parse'])).toEqual(['crl', 'parse']);
  });

  test('full is every suite', () => {
    expect(readArguments(['--full', '--save', '--resume'])).toMatchObject({ effort: 'full', save: true, resume: true });
    expect(namesOf(['--full'])).toEqual(suites.map(({ name }) => name));
  });

  test.each([
    [['--report'], { kind: 'report', check: false }],
    [['--check'], { kind: 'report', check: true }],
    [['--compare'], { kind: 'compare', chosen: [] }],
    [['--help'], { kind: 'help' }],
  ])('%s', (args, task) => {
    expect(readArguments(args)).toEqual(task);
  });

  test.each([
    ['a suite that there is not', ['pars'], 'no suite "pars"'],
    ['a quick look saved', ['--save'], '--save keeps'],
    ['a named quick look saved', ['parse', '--quick', '--save'], '--save keeps'],
    ['a run resumed that saves nothing', ['--full', '--resume'], '--resume goes on'],
    ['all of one', ['--full', 'parse'], '--full is every suite'],
    ['no rounds', ['--rounds', '0'], '0 rounds'],
    ['an option that there is not', ['--fast'], '--fast'],
  ])('%s is refused', (_name, args, message) => {
    expect(() => readArguments(args)).toThrow(message);
  });
});
