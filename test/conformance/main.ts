/**
 * Runs the conformance suites, and other implementations beside ours where they are installed, and writes what came of it to
 * `RESULTS.md`: `npm run conformance`.
 *
 * Our own scores are those of the tests: every case passes but those in the lists of differences, or this stops.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChainCase } from './chains.js';
import { gnutls } from './peers/gnutls.js';
import { openGo } from './peers/go.js';
import { openssl } from './peers/openssl.js';
import { openPkiJs } from './peers/pkijs.js';
import type { ParseCase, Peer, Verdict } from './peers/verdict.js';
import { bytesOf, type Case, isPresent, loadDifferences, loadFile } from './suite.js';

const CHAINS = ['x509-limbo', 'pkits', 'openssl-verify'];
const PARSED = ['x509-parse', 'mozilla-roots', 'fuzz-gnutls-certs'];
const OURS_ALONE = ['der', 'name-match'];

interface Score {
  passed: number;
  failed: number;
  skipped: number;
  /** Cases to be rejected that were accepted. */
  falseAccepts: number;
}

const progress = (text: string): void => void process.stderr.write(`${text}\n`);

async function score<T extends Case>(
  cases: readonly T[],
  answer: (one: T) => Verdict | Promise<Verdict>,
): Promise<Score> {
  const found: Score = { passed: 0, failed: 0, skipped: 0, falseAccepts: 0 };
  for (const one of cases) {
    const verdict = await answer(one);
    if (verdict === 'skip') found.skipped++;
    else if (verdict === one.expect) found.passed++;
    else {
      found.failed++;
      if (verdict === 'accept') found.falseAccepts++;
    }
  }
  return found;
}

async function scoreOf(peer: Peer, suite: string): Promise<Score> {
  progress(`${peer.name}: ${suite}`);
  if (CHAINS.includes(suite)) {
    const { pool, cases } = loadFile<ChainCase>(suite);
    return score(cases, (one) => peer.chain(one, (index) => bytesOf(pool[index]!)));
  }
  const { cases } = loadFile<ParseCase>(suite);
  return score(judged(cases), (one) => peer.parse(one, bytesOf(one.der)));
}

/** Cases of which a verdict is claimed. */
const judged = <T extends Case>(cases: readonly T[]): readonly T[] =>
  cases.filter(({ expect }) => expect === 'accept' || expect === 'reject');

const shown = ({ passed, failed, skipped, falseAccepts }: Score): string =>
  `${passed} / ${failed} / ${skipped}${falseAccepts > 0 ? ` (${falseAccepts} accepted)` : ''}`;

const here = fileURLToPath(new URL('.', import.meta.url));
const tests = spawnSync('npx', ['vitest', 'run', '--config', 'vitest.config.ts', 'conformance/'], {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  stdio: ['ignore', 2, 2],
});
if (tests.status !== 0) {
  progress('the tests of conformance do not pass: RESULTS.md stays as it is');
  process.exit(1);
}

const go = openGo();
const pkiJs = openPkiJs();
try {
  const suites = [...CHAINS, ...PARSED, ...OURS_ALONE].filter(isPresent);
  const versions = [openssl, go, gnutls, pkiJs].map((peer) => ({ peer, version: peer.version() }));
  const installed = versions.filter(({ version }) => version !== undefined);
  const rows: string[] = [];
  for (const suite of suites) {
    const cases = judged(loadFile<Case>(suite).cases);
    const differences = Object.keys(loadDifferences(suite)).length;
    const cells = [`${cases.length - differences} / ${differences} / 0`];
    for (const { peer } of installed) cells.push(OURS_ALONE.includes(suite) ? '' : shown(await scoreOf(peer, suite)));
    rows.push(`| ${suite} | ${cases.length} | ${cells.join(' | ')} |`);
  }
  const headings = ['Mayfly', ...installed.map(({ peer, version }) => `${peer.name} ${version}`)];
  const missing = versions.flatMap(({ peer, version }) => (version === undefined ? [peer.name] : []));
  writeFileSync(
    `${here}RESULTS.md`,
    `# Conformance

Cases passed / failed / skipped of the suites in \`shared/vectors\`, by \`npm run conformance\`. Behind some, how many of those
that failed were accepted though they must not be. A case of a path suite is put to everybody with what it names: moment,
purpose, name, depth, policies, revocation lists. What an implementation cannot be asked is skipped, and PKI.js, which looks for
neither names nor purposes, is not asked for them. Parsing: reading alone for the others; for Mayfly every claimed fact and
encoding again as well. Mayfly's failures are listed with their reasons in the \`*-differences.json\` files; the tests fail when
such a case passes. Cases of which the suite claims nothing are left out.

| suite | cases | ${headings.join(' | ')} |
| --- | ---: | ${headings.map(() => '---:').join(' | ')} |
${rows.join('\n')}
${missing.length > 0 ? `\nNot installed here: ${missing.join(', ')}.\n` : ''}`,
  );
  progress(`written: ${here}RESULTS.md`);
} finally {
  go.close();
  pkiJs.close();
}
