import { relative } from 'node:path';
import { formatDuration } from '@mayfly/der';
import { createLogUpdate } from 'log-update';
import { printable } from '../terminal-text.js';
import { eventToJson, type UpEvent } from './event.js';
import { DEFAULT_STATE } from './places.js';
import type { Tally } from './program.js';
import type { Started, Status, Summary } from './run-up.js';
import { renderTable } from './table.js';

/** Where a run is shown. */
export interface Output {
  notice(line: string): void;
  /** @param remarks - What a person may want to know of the manifests and need not act upon. */
  started(started: Started, remarks: readonly string[]): void;
  event(event: UpEvent): void;
  /** A line of a program. */
  line(pod: string, line: string): void;
  finished(summary: Summary, seconds: number, ok: boolean): void;
  /** Leaves the terminal as it was; also after what was never finished. */
  close(): void;
}

/** What an output writes to. */
export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** What programs read that want numbers. */
const NOTHING_COUNTED: Tally = { requests: 0, failed: 0 };

/** One JSON object a line on standard output, people's lines on standard error; the last line is the summary. */
export function jsonOutput(stdout: Stream, stderr: Stream): Output {
  return {
    notice: (line) => void stderr.write(`${line}\n`),
    started: ({ stateDirectory, healthUrl, statusUrl, pods }, remarks) =>
      void stderr.write(
        `${[
          `mayfly serves ${count(pods.length, 'pod')} from ${stateDirectory}`,
          ...(healthUrl === undefined ? [] : [`readiness ${healthUrl}/readyz`]),
          ...(statusUrl === undefined ? [] : [`status page ${statusUrl}/`]),
        ].join(', ')}\n${remarks.map((remark) => `${remark}\n`).join('')}`,
      ),
    event: (event) => void stdout.write(`${eventToJson(event)}\n`),
    line: (pod, line) => void stderr.write(`${pod} | ${printable(line)}\n`),
    finished: ({
      tally: { requests, failed } = NOTHING_COUNTED,
      rotations,
      overdue,
      issued,
      denied,
      exited,
      problems,
    }) =>
      void stdout.write(
        `${JSON.stringify({ requests, failed, rotations, overdue, issued, denied, exited, problems })}\n`,
      ),
    close() {},
  };
}

/** Lines for people, one per event; what goes wrong again and again is told once. */
export function plainOutput(stdout: Stream, stderr: Stream): Output {
  const isNews = newsFilter();
  return {
    notice: (line) => void stderr.write(`${line}\n`),
    started: (started, remarks) => void stdout.write(`${startLines(started, remarks).join('\n')}\n`),
    event(event) {
      if (isNews(event)) stdout.write(`${eventLine(event)}\n`);
    },
    line: (pod, line) => void stdout.write(`${pod} | ${printable(line)}\n`),
    finished: (summary, seconds, ok) => void stdout.write(`${finalLines(summary, seconds, ok).join('\n')}\n`),
    close() {},
  };
}

/** Milliseconds between two pictures of the table. */
const REDRAW = 1000;
/** Milliseconds between two pictures that events cause: each costs a look at every pod. */
const REDRAW_FOR_EVENT = 100;
/** Events shown below the table. */
const RECENT = 6;

/** A table that is drawn anew every second, the newest events below it. */
export function liveOutput(stdout: NodeJS.WriteStream, stderr: Stream): Output {
  const log = createLogUpdate(stdout);
  const recent: string[] = [];
  const isNews = newsFilter();
  let status: (() => Status) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = (): void => {
    if (status === undefined) return;
    drawnAt = performance.now();
    const width = stdout.columns ?? 80;
    log(['', ...renderTable(status(), width), '', ...recent.map((line) => line.slice(0, width))].join('\n'));
  };
  const remember = (line: string): void => {
    recent.push(line);
    if (recent.length > RECENT) recent.shift();
  };
  return {
    notice: (line) => void stderr.write(`${line}\n`),
    started(started, remarks) {
      stdout.write(`${startLines(started, remarks).join('\n')}\n`);
      status = started.status;
      timer = setInterval(draw, REDRAW);
      draw();
    },
    event(event) {
      if (isNews(event)) remember(eventLine(event));
      if (performance.now() - drawnAt >= REDRAW_FOR_EVENT) draw();
    },
    line: (pod, line) => remember(`${pod} | ${printable(line)}`),
    finished(summary, seconds, ok) {
      this.close();
      stdout.write(`\n${finalLines(summary, seconds, ok).join('\n')}\n`);
    },
    close() {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      draw();
      log.done();
    },
  };
}

/** Different warnings about one thing that are remembered. */
const MAX_REMEMBERED = 100;

/** Whether a warning says something else than the last ones about the same thing did. */
function newsFilter(): (event: UpEvent) => boolean {
  const told = new Map<string, Set<string>>();
  return ({ type, reason, pod, volume, signerName, message }) => {
    const about = JSON.stringify([pod, volume, signerName]);
    if (type === 'Normal') {
      told.delete(about);
      return true;
    }
    const before = told.get(about) ?? new Set();
    told.set(about, before);
    if (before.size === MAX_REMEMBERED) before.clear();
    const text = `${reason} ${message}`;
    return !before.has(text) && before.add(text) !== undefined;
  };
}

function startLines(
  { stateDirectory, trustDomain, healthUrl, statusUrl, pods }: Started,
  remarks: readonly string[],
): readonly string[] {
  const signers = new Set(
    pods.flatMap(({ pod }) =>
      pod.volumes.flatMap(({ sources }) =>
        sources.flatMap((source) => (source.type === 'podCertificate' ? [source.signerName] : [])),
      ),
    ),
  );
  return [
    `mayfly serves ${count(pods.length, 'pod')} with ${count(signers.size, 'signer')}: ${[...signers].join(', ')}`,
    `  state        ${fromHere(stateDirectory)}`,
    `  credentials  ${fromHere(stateDirectory)}/pods/<namespace>/<pod>/volumes/<volume>`,
    `  trust domain ${trustDomain}`,
    ...(healthUrl === undefined ? [] : [`  health       ${healthUrl}/readyz`]),
    ...(statusUrl === undefined ? [] : [`  status page  ${statusUrl}/`]),
    `  run as a pod ${execCommandLine(stateDirectory)}`,
    ...remarks.map((remark) => `  ${remark}`),
  ];
}

/** A directory below this one by its path from here, others by their absolute ones. */
function fromHere(directory: string): string {
  const nearby = relative('.', directory);
  return nearby === '' || nearby.startsWith('..') ? directory : nearby;
}

/** What runs a program as one of the pods from here. */
function execCommandLine(stateDirectory: string): string {
  const state = fromHere(stateDirectory);
  return `mayfly exec ${state === DEFAULT_STATE ? '' : `--state ${state} `}--pod NAME -- COMMAND`;
}

/** Lines that the last words spend on what is not well. */
const MAX_PROBLEMS = 20;

function finalLines(summary: Summary, seconds: number, ok: boolean): readonly string[] {
  const { tally, rotations, overdue, issued, denied, exited, problems } = summary;
  const parts = [
    `${count(issued, 'certificate')} issued`,
    count(rotations, 'rotation'),
    `${overdue} overdue`,
    ...(denied > 0 ? [count(denied, 'denial')] : []),
    ...(exited > 0 ? [exited === 1 ? '1 program ended by itself' : `${exited} programs ended by themselves`] : []),
  ];
  return [
    `${ok ? 'All well' : 'Not all well'} after ${formatDuration(seconds)}: ${parts.join(', ')}`,
    ...problems.slice(0, MAX_PROBLEMS).map((problem) => `  ! ${printable(problem)}`),
    ...(problems.length > MAX_PROBLEMS ? [`  ! and ${problems.length - MAX_PROBLEMS} more`] : []),
    ...(tally === undefined ? [] : [`${count(tally.requests, 'request')}, ${tally.failed} failed`]),
  ];
}

const eventLine = ({ at, type, reason, message }: UpEvent): string =>
  `${new Date(at * 1000).toTimeString().slice(0, 8)} ${type === 'Warning' ? '! ' : '  '}${reason.padEnd(18)} ${printable(message)}`;

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
