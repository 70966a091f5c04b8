import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';

/** A code that errors carry, and what its package says of it. */
export interface ErrorCode {
  readonly code: string;
  /** For example `der`. */
  readonly package: string;
  /** The union that has it, for example `DerErrorCode`. */
  readonly type: string;
  /** From the table of the package's README; `undefined` where no row has the code. */
  readonly meaning: string | undefined;
}

const packages = new URL('../../../packages/', import.meta.url);

/** Every code of every union named `…ErrorCode`, as the sources have them, in their order. */
export const errorCodes = (): readonly ErrorCode[] =>
  readdirSync(packages)
    .sort()
    .flatMap((name) => {
      const readme = readFileSync(new URL(`${name}/README.md`, packages), 'utf8');
      return sourcesOf(name).flatMap((path) => {
        const text = readFileSync(new URL(`${name}/src/${path}`, packages), 'utf8');
        return unionsIn(text).map(({ code, type }) => ({
          code,
          package: name,
          type,
          meaning: meaningOf(code, readme),
        }));
      });
    });

const sourcesOf = (name: string): readonly string[] =>
  readdirSync(new URL(`${name}/src/`, packages), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .sort();

/** Codes of the exported unions in a source. */
export function unionsIn(text: string): readonly { readonly code: string; readonly type: string }[] {
  if (!text.includes('ErrorCode =')) return [];
  const source = ts.createSourceFile('errors.ts', text, ts.ScriptTarget.ES2023);
  return source.statements.filter(ts.isTypeAliasDeclaration).flatMap(({ name: { text: type }, type: node }) => {
    if (!type.endsWith('ErrorCode')) return [];
    const members = ts.isUnionTypeNode(node) ? node.types : [node];
    return members.flatMap((member) =>
      ts.isLiteralTypeNode(member) && ts.isStringLiteral(member.literal) ? [{ code: member.literal.text, type }] : [],
    );
  });
}

/** The rest of the row of a table whose first cell names the code; of a row of several, its own part where each has one. */
export function meaningOf(code: string, readme: string): string | undefined {
  for (const line of readme.split('\n')) {
    const [, first, ...rest] = line.split('|').map((cell) => cell.trim());
    const codes: readonly string[] = first?.match(/(?<=`)ERR_\w+(?=`)/g) ?? [];
    if (!codes.includes(code)) continue;
    const [meaning = '', ...more] = rest.filter((cell) => cell !== '');
    const parts = meaning.split('; ');
    const own = codes.length > 1 && parts.length === codes.length ? parts[codes.indexOf(code)]! : meaning;
    return [own, ...more].join('; ');
  }
  return undefined;
}

/** The index as a page: by package, each code an anchor of its own. */
export function errorCodePage(codes: readonly ErrorCode[]): string {
  const names = [...new Set(codes.map((code) => code.package))];
  const sections = names.flatMap((name) => [
    `## ${name}`,
    '',
    '| code | of | meaning |',
    '|---|---|---|',
    ...codes
      .filter((code) => code.package === name)
      .map(({ code, type, meaning = '' }) => `| <a id="${code}"></a>\`${code}\` | \`${type}\` | ${meaning} |`),
    '',
  ]);
  return [
    '# Error codes',
    '',
    'Broken input and broken surroundings throw an error of the package with a `code`. Codes are API: adding one is minor, changing one',
    'is major. An expected refusal, of a rule or of a path, is no error but a value with a `reason`. A wrong argument is a `TypeError` or',
    '`RangeError` without code.',
    '',
    ...sections,
  ].join('\n');
}
