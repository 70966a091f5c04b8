import { posix } from 'node:path';
import ts from 'typescript';

/** One `import`, `export … from`, `import(…)` or `import('…').Type`. */
export interface Import {
  readonly specifier: string;
  /** From 1. */
  readonly line: number;
}

/** One TypeScript file of a package, with or without JSX. */
export interface Module {
  /** For example `der`. */
  readonly package: string;
  /** Below the package's `src`, for example `name/compare.ts`. */
  readonly path: string;
  readonly isTest: boolean;
  readonly source: ts.SourceFile;
  readonly imports: readonly Import[];
}

/** Parses a file without resolving anything. */
export function parseModule(packageName: string, path: string, text: string): Module {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const imports: Import[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) imports.push({ specifier, line: lineOf(source, node) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { package: packageName, path, isTest: path.endsWith('.test.ts'), source, imports };
}

/** From 1. */
export function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** `./compare.js` in `name/index.ts` is `name/compare`; undefined for a bare specifier. */
export function resolveRelative(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(from), withoutExtension(specifier));
}

/** `compare` for `compare.ts`, `compare.tsx` and the `compare.js` that either becomes. */
export const withoutExtension = (path: string): string => path.replace(/\.(?:js|tsx?)$/, '');

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return literal(node.arguments[0]);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  return undefined;
}

function literal(node: ts.Node | undefined): string | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : undefined;
}
