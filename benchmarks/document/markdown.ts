import { amount, type Report } from '../report.js';
import { figures, missing, times, verdict } from '../table.js';
import { type Faster, fasterPeers } from './faster.js';
import { type Headline, headlines, isBare } from './headlines.js';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const rows = (head: readonly string[], all: readonly (readonly string[])[]): readonly string[] => [
  row(head),
  `|${head.map(() => '---').join('|')}|`,
  ...all.map(row),
];

/** The report as Markdown, with the charts beside it. */
export function markdown(reports: readonly Report[], question: (suite: string) => string): string {
  const faster = fasterPeers(reports);
  return lines([
    '# Benchmarks',
    '',
    'Made by `npm run bench -- --report` from the files beside it; what is measured stands in [the README](../README.md).',
    '',
    '```sh',
    'npm run bench -- --full --save            # all of it, which takes half an hour on a quiet machine',
    'npm run bench -- --full --save --resume   # goes on after an interruption',
    'npm run bench -- parse --save             # one suite',
    '```',
    '',
    '## In short',
    '',
    '![How many times as long each peer takes](charts/overview.svg)',
    '',
    ...headlineTable(headlines(reports)),
    '',
    '## Where a peer is faster or smaller',
    '',
    ...(faster.length === 0
      ? ['Nowhere in what was measured.']
      : rows(['suite', 'case', 'peer', 'the peer', 'Mayfly', 'the peer is'], faster.map(fasterRow))),
    '',
    ...reports.flatMap((report) => section(report, question(report.suite))),
    '## Where it was measured',
    '',
    ...rows(
      ['suite', 'date', 'processor', 'machine', 'Node'],
      reports.map(({ suite, date, cpu, machine, node }) => [suite, date.slice(0, 10), cpu, machine, node]),
    ),
    '',
    ...rows(['implementation', 'version'], versionsOf(reports)),
  ]);
}

const lines = (all: readonly string[]): string => `${all.join('\n')}\n`;

function section({ suite, cases, ratios, leftOut = [] }: Report, question: string): readonly string[] {
  return [
    `## ${suite}`,
    '',
    `${question[0]!.toUpperCase()}${question.slice(1)}.`,
    '',
    `![Medians of ${suite} on a logarithmic scale](charts/${suite}.svg)`,
    '',
    ...rows(
      ['case', 'implementation', 'median', 'low', 'high', 'p99', 'Mayfly is'],
      cases.map((one) => {
        const ratio = ratios.find(({ name, peer }) => name === one.name && peer === one.impl)?.ratio;
        return [`\`${one.name}\``, one.impl, ...figures(one), verdict(one, ratio)];
      }),
    ),
    '',
    ...leftOut.flatMap((one) => [`- ${missing(one)}`]),
    ...(leftOut.length > 0 ? [''] : []),
  ];
}

/** Rows of the README: what was measured, and each peer with how many times as long it takes. */
export const headlineTable = (all: readonly Headline[]): readonly string[] =>
  rows(
    ['suite', 'job', 'Mayfly', 'beside it'],
    all.map(({ suite, job, mayfly, peers }) => [
      `\`${suite}\``,
      job,
      mayfly,
      peers.map(({ impl, figure, ratio }) => `${impl} ${figure} (${times(ratio)})`).join(', '),
    ]),
  );

/** Suite, case, peer, both figures, and how far apart. */
function fasterRow({ suite, ours, theirs, close }: Faster): readonly string[] {
  const inBytes = 'bytes' in ours;
  const remark = inBytes ? 'as small' : `as fast${close ? ', within what a run wobbles' : ''}`;
  const factor = `${times(amount(ours) / amount(theirs))} ${remark}`;
  const peer = isBare(ours.name) && theirs.impl === 'node:crypto' ? 'node:crypto, which only signs' : theirs.impl;
  return [suite, `\`${ours.name}\``, peer, figures(theirs)[0], figures(ours)[0], factor];
}

/** Every implementation that took part, with what it said of its version; the last measured where suites differ. */
const versionsOf = (reports: readonly Report[]): readonly (readonly [impl: string, version: string])[] =>
  Object.entries(Object.assign({}, ...reports.map(({ versions }) => versions))).map(([impl, version]) => [
    impl,
    String(version),
  ]);
