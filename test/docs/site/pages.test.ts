import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { allPages, withLinks, writePages } from './pages.js';

const directory = mkdtempSync(join(tmpdir(), 'mayfly-pages-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const page = (text: string) => ({ source: 'packages/der/README.md', file: 'a.md', title: 'A', group: 'G', text });

test('links of every page lead to a page or a file', () => {
  const pages = allPages();
  expect(new Set(pages.map(({ file }) => file)).size).toBe(pages.length);
  expect(writePages(pages, directory)).toHaveLength(pages.length);
});

test('a page has its title in front and as its one heading, and no marks of the tests', () => {
  const [path] = writePages([page('# A\n\n```ts continues\na();\n```\n\n```\nplain\n```\n')], directory);
  expect(readFileSync(path!, 'utf8')).toBe(
    '---\ntitle: "A"\ngroup: G\n---\n\n# A\n\n```ts\na();\n```\n\n```text\nplain\n```\n',
  );
});

test('the first page leads to every guide before its first section', () => {
  const first = { ...page('# Mayfly\n\nShort.\n\n## Start\n\n## More\n'), file: 'readme.md' };
  const guide = { ...page('# Rotate'), file: 'rotate.md', title: 'Rotate', group: 'Guides' };
  const migration = { ...page('# From forge'), file: 'forge.md', title: 'From forge', group: 'Migration' };
  const [path] = writePages([first, guide, migration], directory);
  expect(readFileSync(path!, 'utf8')).toMatch(
    /Short\.\n\n## Guides\n\n- \[Rotate\]\(rotate\.md\)\n[^#]*- \[From forge\]\(forge\.md\)\n\n## Start\n\n## More\n$/,
  );
});

test.each([
  ['[x](../x509/README.md#names)', '[x](x509.md#names)'],
  ['[x](../x509)', '[x](x509.md)'],
  ['[x](https://example.org)', '[x](https://example.org)'],
  ['[x](#here)', '[x](#here)'],
])('%s becomes %s', (text, expected) => {
  expect(withLinks(page(text), directory, new Map([['packages/x509/README.md', 'x509.md']]))).toBe(expected);
});

test('a link to nothing is refused', () => {
  expect(() => withLinks(page('[x](nowhere.md)'), directory, new Map())).toThrow('there is no packages/der/nowhere.md');
});
