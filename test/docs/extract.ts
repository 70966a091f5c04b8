/** One piece of TypeScript or JavaScript in the documentation. */
export interface Example {
  /** File and line of its first line, for example `packages/der/README.md:6`. */
  readonly place: string;
  readonly language: 'ts' | 'js';
  /** False for what is marked `no-run`, because it needs a browser, a cluster or a peer: it is compiled only. */
  readonly runs: boolean;
  readonly code: string;
}

const FENCE = /^```(ts|js)([^\n]*)\n(.*?)^```/gms;
const DOC_COMMENT = /^[ \t]*\/\*\*.*?\*\//gms;

/** The fenced blocks of `ts` and `js`. Any other word after the language than `no-run` is a mistake and throws. */
export function examplesInMarkdown(path: string, text: string): readonly Example[] {
  return [...text.matchAll(FENCE)].map(([, language, mark, code], i, all) => {
    const line = lineAt(text, all[i]!.index) + 1;
    const place = `${path}:${line}`;
    if (mark!.trim() !== '' && mark!.trim() !== 'no-run')
      throw new Error(`Cannot use the example at ${place}: unknown mark "${mark!.trim()}"`);
    return { place, language: language as 'ts' | 'js', runs: mark!.trim() === '', code: code! };
  });
}

/** The fenced blocks after `@example` in doc comments, complete with their imports. */
export function examplesInSource(path: string, text: string): readonly Example[] {
  return [...text.matchAll(DOC_COMMENT)]
    .filter(([comment]) => comment.includes('@example'))
    .flatMap(({ 0: comment, index }) => {
      const lines = comment.split('\n').map((line) => line.replace(/^[ \t]*\*(?!\/) ?/, ''));
      const first = lines.findIndex((line) => line.startsWith('@example'));
      const found = examplesInMarkdown('', lines.slice(first).join('\n'));
      if (found.length === 0)
        throw new Error(`Cannot use the example at ${path}:${lineAt(text, index)}: no fenced ts or js`);
      return found.map((example) => ({
        ...example,
        place: `${path}:${lineAt(text, index) + first + Number(example.place.slice(1)) - 1}`,
      }));
    });
}

/** From 1. */
function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
