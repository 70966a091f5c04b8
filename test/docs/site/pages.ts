import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCodePage, errorCodes } from './error-codes.js';

/** A document of the repository as it becomes a page of the site. */
export interface Page {
  /** From the root of the repository; of a page that is made, where its links start from. */
  readonly source: string;
  /** Name of the file among the pages. */
  readonly file: string;
  readonly title: string;
  readonly group: string;
  readonly text: string;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The page that is seen first. */
export const START = 'readme.md';

/** Guides in the order in which a newcomer reads them; those that are not named come last. */
const ORDER = ['first-certificate', 'browser-csr', 'mtls-rotation', 'cluster-signer', 'rotate-ca', 'pkcs12-java'];

/** Every page: guides, migration, reference, and the README of each package. */
export function allPages(): readonly Page[] {
  const guides = readdirSync(`${root}test/docs/guides`).map((name) => name.replace(/\.md$/, ''));
  const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return [
    { ...pageOf('README.md', START, 'Reference'), title: 'Mayfly' },
    ...guides
      .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
      .map((name) =>
        pageOf(`test/docs/guides/${name}.md`, `guide-${name}.md`, name.startsWith('from-') ? 'Migration' : 'Guides'),
      ),
    madePage('test/docs/guides/error-codes.md', 'error-codes.md', 'Reference', errorCodePage(errorCodes())),
    pageOf('SECURITY.md', 'security.md', 'Reference', 'Security and threat model'),
    pageOf('ARCHITECTURE.md', 'architecture.md', 'Reference'),
    pageOf('benchmarks/results/report.md', 'benchmarks.md', 'Reference'),
    pageOf('CHANGELOG.md', 'changelog.md', 'Reference'),
    pageOf('CONTRIBUTING.md', 'contributing.md', 'Reference'),
    ...readdirSync(`${root}packages`).map((name) =>
      pageOf(`packages/${name}/README.md`, `package-${name}.md`, 'Packages'),
    ),
    pageOf('packages/wasm/SECURITY.md', 'wasm-security.md', 'Reference', 'Audit of the WebAssembly kernels'),
  ];
}

const pageOf = (source: string, file: string, group: string, title?: string): Page =>
  madePage(source, file, group, readFileSync(root + source, 'utf8'), title);

function madePage(source: string, file: string, group: string, text: string, title?: string): Page {
  const heading = text.match(/^# (.*)$/m)?.[1] ?? source;
  return { source, file, group, title: title ?? heading.replaceAll('`', ''), text };
}

/** Writes the pages into a directory, their links leading to each other, and returns their paths. */
export function writePages(pages: readonly Page[], directory: string): readonly string[] {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const fileOf = new Map(pages.map(({ source, file }) => [source, file]));
  return pages.map((page) => {
    const path = `${directory}/${page.file}`;
    const front = `---\ntitle: ${JSON.stringify(page.title)}\ngroup: ${page.group}\n---\n\n`;
    const text = plainFences(withLinks(page, directory, fileOf)).replace(/^# .*\n/m, '');
    // The first page gets its heading from the name of the site, the others from nobody.
    const shown = page.file === START ? withGuides(text, pages) : `# ${page.title}\n${text}`;
    writeFileSync(path, front + shown);
    return path;
  });
}

/** The first page, with the guides before its first section: whoever comes here looks for one. */
function withGuides(text: string, pages: readonly Page[]): string {
  const list = (group: string): string =>
    pages.flatMap((page) => (page.group === group ? [`- [${page.title}](${page.file})\n`] : [])).join('');
  return text.replace(
    /^## /m,
    `## Guides\n\n${list('Guides')}\nComing from another library:\n\n${list('Migration')}\n## `,
  );
}

/** Fences without a language are text, which nobody is to colour. */
const plainFences = (text: string): string =>
  text.replace(/^```([^\n]*)\n.*?^```/gms, (block, language: string) =>
    language.trim() === '' ? block.replace('```', '```text') : block.replace(/ (no-run|continues)\n/, '\n'),
  );

const LINK = /(\]\()(?!https?:|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)/g;

/**
 * A page whose relative links lead to pages where there are such, and elsewhere to the file in the repository.
 * @throws Error for a link to nothing.
 */
export function withLinks({ source, text }: Page, directory: string, fileOf: ReadonlyMap<string, string>): string {
  return text.replace(LINK, (_, opening: string, target: string, anchor = '') => {
    const found = relative(root, resolve(root, dirname(source), target));
    const readme = existsSync(root + found) && statSync(root + found).isDirectory() ? `${found}/README.md` : found;
    const file = fileOf.get(found) ?? fileOf.get(readme);
    if (file !== undefined) return `${opening}${file}${anchor})`;
    if (!existsSync(root + found)) throw new Error(`Cannot link ${target} of ${source}: there is no ${found}`);
    return `${opening}${relative(directory, root + readme)}${anchor})`;
  });
}
