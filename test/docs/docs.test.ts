import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Claim, show, withClaims } from './claims.js';
import { type Example, examplesInMarkdown, examplesInSource } from './extract.js';

const root = new URL('../../', import.meta.url);
/** Inside the workspace, so that imports find the packages; ignored by git and by every other check. */
const directory = new URL('../.examples/', import.meta.url);
const SINK = 'mayfly.examples';

interface Written extends Example {
  /** As it is in the documentation. */
  readonly original: URL;
  /** With its promises made testable. */
  readonly claiming: URL;
}

const written: readonly Written[] = allExamples().map((example) => {
  const name = example.place.replaceAll(/[^a-zA-Z0-9]+/g, '-');
  return {
    ...example,
    original: new URL(`${name}.${example.language}`, directory),
    claiming: new URL(`run/${name}.${example.language}`, directory),
  };
});

function allExamples(): readonly Example[] {
  const top = readdirSync(root).filter((path) => path.endsWith('.md'));
  const packages = readdirSync(new URL('packages/', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => !/(^|\/)(node_modules|dist|api)\//.test(path))
    .map((path) => `packages/${path}`);
  const guides = readdirSync(new URL('guides/', import.meta.url)).map((name) => `test/docs/guides/${name}`);
  return [
    ...[...top, ...guides, ...packages]
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) => examplesInMarkdown(path, textOf(path))),
    ...packages
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
      .flatMap((path) => examplesInSource(path, textOf(path))),
  ];
}

function textOf(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** Type errors by file. */
function compile(files: readonly URL[]): ReadonlyMap<string, readonly string[]> {
  const { config } = ts.readConfigFile(fileURLToPath(new URL('tsconfig.json', root)), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, fileURLToPath(root));
  const program = ts.createProgram(
    files.map((file) => fileURLToPath(file)),
    // An example declares nothing for others, and may be meant for a browser.
    { ...options, declaration: false, isolatedDeclarations: false, lib: [...(options.lib ?? []), 'lib.dom.d.ts'] },
  );
  return new Map(
    files.map((file) => {
      const source = program.getSourceFile(fileURLToPath(file));
      const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return [file.href, diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))];
    }),
  );
}

let typeErrors: ReadonlyMap<string, readonly string[]>;
const claims: Claim[] = [];

beforeAll(() => {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(new URL('run/', directory), { recursive: true });
  for (const { original, claiming, code } of written) {
    writeFileSync(original, `${code}\nexport {};\n`);
    writeFileSync(claiming, `${withClaims(code, SINK)}\nexport {};\n`);
  }
  typeErrors = compile(written.filter(({ language }) => language === 'ts').map(({ original }) => original));
  Object.defineProperty(globalThis, SINK, {
    configurable: true,
    value: {
      said: (expected: string, ...args: unknown[]) => claims.push({ expected, actual: format(...args) }),
      was: (expected: string, value: unknown) => claims.push({ expected, actual: show(value) }),
    },
  });
});

beforeEach(() => {
  claims.length = 0;
  vi.spyOn(console, 'log').mockReturnValue();
  vi.spyOn(console, 'assert').mockImplementation((condition, ...message) =>
    expect(condition, message.join(' ')).toBeTruthy(),
  );
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each(written)('$place', ({ language, runs, original, claiming }) => {
  if (language === 'ts')
    test('compiles', () => {
      expect(typeErrors.get(original.href)).toEqual([]);
    });

  if (!runs) return;
  test('runs and keeps its promises', async () => {
    await import(/* @vite-ignore */ fileURLToPath(claiming));
    expect(claims.map(({ actual }) => actual)).toEqual(claims.map(({ expected }) => expected));
  });
});
