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

test('a page has its title in front, no heading besides, and no marks of the tests', () => {
  const [path] = writePages([page('# A\n\n```ts continues\na();\n```\n\n```\nplain\n```\n')], directory);
  expect(readFileSync(path!, 'utf8')).toBe(
    '---\ntitle: "A"\ngroup: G\n---\n\n\n```ts\na();\n```\n\n```text\nplain\n```\n',
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
