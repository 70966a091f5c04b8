import { inspect } from 'node:util';
import ts from 'typescript';

/** What an example says about itself: the line, what its comment promises, what was found. */
export interface Claim {
  readonly expected: string;
  readonly actual: string;
}

/** A comment that is a value: a string, a number, true, an array, ... and not a sentence. */
const VALUE = /^(['"\-\d[{]|(true|false|null|undefined|Uint8Array|Map|Set)\b)/;

/**
 * Makes the promises of an example testable. `f(x); // 'y'` promises a value, `console.log(x); // y` promises a line of
 * output, unless the comment begins with "for example". The calls stay where they are; what they gave goes to
 * `globalThis[sink]`, an array of {@link Claim}.
 */
export function withClaims(code: string, sink: string): string {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2023, true);
  const edits: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node)) {
      const edit = claimOf(node, code, sink);
      if (edit !== undefined)
        edits.push({ start: node.expression.getStart(source), end: node.expression.end, text: edit });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return edits.reduceRight((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), code);
}

/** The value as the comment should show it. */
export function show(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY });
}

function claimOf({ expression, end }: ts.ExpressionStatement, code: string, sink: string): string | undefined {
  const [comment] = ts.getTrailingCommentRanges(code, end) ?? [];
  if (comment === undefined || comment.kind !== ts.SyntaxKind.SingleLineCommentTrivia) return undefined;
  const expected = code.slice(comment.pos + 2, comment.end).trim();
  const text = expression.getText();
  if (text.startsWith('console.log(') && ts.isCallExpression(expression)) {
    if (/^for example\b/i.test(expected)) return undefined;
    const args = expression.arguments.map((argument) => argument.getText()).join(', ');
    return `globalThis[${JSON.stringify(sink)}].said(${JSON.stringify(expected)}, ${args})`;
  }
  return VALUE.test(expected)
    ? `globalThis[${JSON.stringify(sink)}].was(${JSON.stringify(expected)}, ${text})`
    : undefined;
}
