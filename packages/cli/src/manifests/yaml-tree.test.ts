import { describe, expect, test } from 'vitest';
import { Findings } from './findings.js';
import { parseYaml, type YamlNode } from './yaml-tree.js';

const parse = (text: string) => {
  const findings = new Findings();
  const documents = parseYaml({ path: 'a.yaml', text }, findings);
  const { errors } = findings;
  return { trees: documents.map(({ tree }) => tree), errors };
};

/** A tree as plain data, mappings as entries. */
const plain = (node: YamlNode | undefined): unknown =>
  node === undefined
    ? undefined
    : node.kind === 'scalar'
      ? node.value
      : node.kind === 'list'
        ? node.items.map(plain)
        : [...node.entries].map(([key, { value }]) => [key, plain(value)]);

describe('values', () => {
  test.each<[string, string, unknown]>([
    ['octal as in YAML 1.1', '0644', 0o644],
    ['octal as in YAML 1.2', '0o644', 0o644],
    ['quoted octal', '"0644"', '0644'],
    ['no octal', '0689', 689],
    ['text that YAML 1.1 calls a truth value', 'yes', 'yes'],
    ['truth value', 'true', true],
    ['numeric key', '1: a', [['1', 'a']]],
    [
      'key of the prototype',
      '{__proto__: {a: 1}, constructor: b}',
      [
        ['__proto__', [['a', 1]]],
        ['constructor', 'b'],
      ],
    ],
    ['absent value', 'a:', [['a', null]]],
    ['alias', '[&x {a: 1}, *x]', [[['a', 1]], [['a', 1]]]],
    ['anchor set anew', '[&x 1, *x, &x 2, *x]', [1, 1, 2, 2]],
    [
      'merge',
      '[&x {a: 1, b: 2}, {<<: *x, b: 3}]',
      [
        [
          ['a', 1],
          ['b', 2],
        ],
        [
          ['b', 3],
          ['a', 1],
        ],
      ],
    ],
    [
      'merge of a list, the first wins',
      '{<<: [{a: 1}, {a: 2, c: 3}]}',
      [
        ['a', 1],
        ['c', 3],
      ],
    ],
    ['quoted merge key is a key', '{"<<": {a: 1}}', [['<<', [['a', 1]]]]],
    ['empty document', '---\n', undefined],
  ])('%s', (_name, text, expected) => {
    const { trees, errors } = parse(text);
    expect(errors).toEqual([]);
    expect(trees.map(plain)).toEqual([expected]);
  });

  test('places count from 1, and carriage returns and a byte order mark do not move lines', () => {
    const [tree] = parse('\ufeffa: 1\r\nb:\r\n  - c\r\n').trees;
    if (tree?.kind !== 'map') throw new Error('expected a mapping');
    expect(tree.entries.get('b')?.keyPlace).toEqual({ file: 'a.yaml', line: 2, column: 1 });
    const list = tree.entries.get('b')?.value;
    expect(list?.kind === 'list' && list.items[0]?.place).toEqual({ file: 'a.yaml', line: 3, column: 5 });
  });
});

describe('faults', () => {
  const bomb = (levels: number) =>
    ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
      .concat(Array.from({ length: levels }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`))
      .join('\n');

  test.each<[string, string, string, number, number]>([
    ['duplicate key', 'a: 1\nb: 2\na: 3\n', 'ERR_CLI_DUPLICATE', 3, 1],
    ['duplicate key, spelled otherwise', '{a: 1, "a": 2}', 'ERR_CLI_DUPLICATE', 1, 8],
    ['alias of nothing', 'a: *x', 'ERR_CLI_YAML', 1, 4],
    ['alias inside its anchor', 'a: &x [*x]', 'ERR_CLI_YAML', 1, 8],
    ['merge of a scalar', '<<: 1', 'ERR_CLI_YAML', 1, 1],
    ['mapping as a key', '{a: 1}: b', 'ERR_CLI_YAML', 1, 1],
    ['unknown tag', 'a: !custom b', 'ERR_CLI_YAML', 1, 4],
    ['open quote', 'a: "b', 'ERR_CLI_YAML', 1, 6],
    ['tab as indentation', 'a:\n\tb: 1', 'ERR_CLI_YAML', 2, 1],
    ['aliases that unfold', bomb(6), 'ERR_CLI_YAML', 6, 9],
    ['nesting beyond the limit', '['.repeat(200) + ']'.repeat(200), 'ERR_CLI_YAML', 1, 101],
    ['nesting that ends a stack', '['.repeat(200_000), 'ERR_CLI_YAML', 1, 101],
    ['nesting on one line', '- '.repeat(200_000), 'ERR_CLI_YAML', 1, 200],
    ['file beyond the limit', ' '.repeat(4 * 1024 * 1024 + 1), 'ERR_CLI_FILE_TOO_LARGE', 1, 1],
  ])('%s', (_name, text, code, line, column) => {
    const { trees, errors } = parse(text);
    expect(trees).toEqual([]);
    expect(errors[0]).toMatchObject({ file: 'a.yaml', code, line, column });
  });

  test('a bomb below the limit is read once for each anchor', () => {
    expect(parse(bomb(3))).toMatchObject({ errors: [], trees: [{ kind: 'map' }] });
  });

  test('a faulty document leaves the others', () => {
    const { trees, errors } = parse('a: 1\n---\nb: 1\nb: 2\n---\nc: 3\n');
    expect(trees.map(plain)).toEqual([[['a', 1]], [['c', 3]]]);
    expect(errors).toHaveLength(1);
  });

  test('100 errors are told, and that there are more', () => {
    const { errors } = parse(Array.from({ length: 200 }, () => 'a: 1\n').join(''));
    expect(errors).toHaveLength(101);
    expect(errors.at(-1)?.code).toBe('ERR_CLI_TOO_MANY_ERRORS');
  });
});
