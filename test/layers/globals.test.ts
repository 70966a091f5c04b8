import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const packages = new URL('../../packages/', import.meta.url);

const entries = readdirSync(packages).flatMap((name) => {
  const manifest: {
    readonly sideEffects?: boolean;
    /** A path alone is data: a kernel. */
    readonly exports: Readonly<Record<string, { readonly '@mayfly/source': string } | string>>;
  } = JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8'));
  if (manifest.sideEffects !== false) return [];
  return Object.entries(manifest.exports).flatMap(([subpath, conditions]) => {
    if (typeof conditions === 'string') return [];
    return [
      {
        entry: `@mayfly/${name}${subpath.slice(1)}`,
        path: fileURLToPath(new URL(`${name}/${conditions['@mayfly/source']}`, packages)),
      },
    ];
  });
});

const watched: ReadonlyMap<string, object> = new Map<string, object>([
  ['globalThis', globalThis],
  ...[
    Object,
    Function,
    Array,
    String,
    Number,
    BigInt,
    RegExp,
    Date,
    Promise,
    Map,
    Set,
    Error,
    Uint8Array,
    ArrayBuffer,
  ].flatMap((builtin): readonly (readonly [string, object])[] => [
    [builtin.name, builtin],
    [`${builtin.name}.prototype`, builtin.prototype],
  ]),
]);

const ACCESSOR = Symbol('accessor');

/** Every own property by name, with its value. Accessors count as one: Node puts a value in their place at first use. */
function snapshot(): ReadonlyMap<string, unknown> {
  return new Map(
    [...watched].flatMap(([name, object]) =>
      Reflect.ownKeys(object).map((key): readonly [string, unknown] => {
        const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
        return [`${name} ${String(key)}`, descriptor?.get === undefined ? descriptor?.value : ACCESSOR];
      }),
    ),
  );
}

function changes(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) =>
      before.has(key) !== after.has(key) ||
      (before.get(key) !== ACCESSOR && !Object.is(before.get(key), after.get(key))),
  );
}

/** What dependencies keep for all their copies in a process: undici its symbols, PKI.js its engine under the process id. */
const isOfDependency = (key: string): boolean =>
  key.startsWith('globalThis Symbol(undici.') || key === `globalThis ${process.pid}`;

test('a changed global is seen', () => {
  const before = snapshot();
  Object.defineProperty(globalThis, 'mayfly.probe', { value: 1, configurable: true });
  expect(changes(before, snapshot())).toEqual(['globalThis mayfly.probe']);
  Reflect.deleteProperty(globalThis, 'mayfly.probe');
  expect(changes(before, snapshot())).toEqual([]);
});

test.each(entries)('importing $entry changes no global', async ({ path }) => {
  const before = snapshot();
  await import(/* @vite-ignore */ path);
  expect(changes(before, snapshot()).filter((key) => !isOfDependency(key))).toEqual([]);
});
