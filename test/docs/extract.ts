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

/**
 * The fenced blocks of `ts` and `js`. One that is marked `continues` is the rest of the one before it. Any other word after the
 * language than that and `no-run` is a mistake and throws.
 */
export function examplesInMarkdown(path: string, text: string): readonly Example[] {
  const examples: Example[] = [];
  for (const { 1: language, 2: words, 3: code, index } of text.matchAll(FENCE)) {
    const place = `${path}:${lineAt(text, index) + 1}`;
    const mark = words!.trim();
    const before = examples.at(-1);
    if (mark === 'continues' && before?.language === language) {
      examples[examples.length - 1] = { ...before!, code: `${before!.code}${code}` };
      continue;
    }
    if (mark !== '' && mark !== 'no-run') throw new Error(`Cannot use the example at ${place}: unknown mark "${mark}"`);
    examples.push({ place, language: language as 'ts' | 'js', runs: mark === '', code: code! });
  }
  return examples;
}

/** Commands of a guide, all of which are run one after the other in one directory. */
export interface Commands {
  /** File and line of the first. */
  readonly place: string;
  /** False for what is marked `no-run`, because it needs a cluster or never ends. */
  readonly runs: boolean;
  readonly code: string;
}

/** The fenced blocks of `sh`. Any other word after it than `no-run` is a mistake and throws. */
export const commandsInMarkdown = (path: string, text: string): readonly Commands[] =>
  [...text.matchAll(/^```sh([^\n]*)\n(.*?)^```/gms)].map(({ 1: words, 2: code, index }) => {
    const place = `${path}:${lineAt(text, index) + 1}`;
    const mark = words!.trim();
    if (mark !== '' && mark !== 'no-run')
      throw new Error(`Cannot use the commands at ${place}: unknown mark "${mark}"`);
    return { place, runs: mark === '', code: code! };
  });

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
