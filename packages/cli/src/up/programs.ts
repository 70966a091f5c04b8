import { messageOf } from '../errors.js';
import type { Emit } from './event.js';
import { podKey } from './places.js';
import type { RunnablePod } from './pod-file.js';
import { type RunningProgram, startProgram, type Tally } from './program.js';

/** A pod whose command is to run. */
export interface Plan {
  readonly pod: RunnablePod;
  /** Whether its volumes are written: no program starts without its credentials. */
  readonly ready: () => boolean;
}

/** The programs that run beside the pods. */
export interface Programs {
  /** Starts what has become ready. */
  wake(): void;
  /** Sums of what the programs counted; `undefined` while none has counted anything. */
  tally(): Tally | undefined;
  /** How many ended by themselves. */
  exited(): number;
  /** What went wrong, each with the pod's name; empty when nothing did. */
  problems(): readonly string[];
  /** Ends them one by one, the last first, so that clients stop before their servers. */
  stop(): Promise<void>;
}

/** Milliseconds that a program has to end after SIGTERM. */
const GRACE = 10_000;
/** Milliseconds of these after which a person is told why nothing ends yet. */
const PATIENCE = 1000;

/** Starts each program in the order of the list, the next when the one before runs. */
export function createPrograms(
  plans: readonly Plan[],
  { emit, onLine }: { readonly emit: Emit; readonly onLine: (pod: string, line: string) => void },
): Programs {
  const running: { readonly pod: string; readonly program: RunningProgram }[] = [];
  const endings: string[] = [];
  let next = 0;
  let stopping = false;

  const couldNotRun = (pod: string, error: unknown): void => {
    endings.push(`${pod}: ${messageOf(error)}`);
    emit({ type: 'Warning', reason: 'ProgramExited', pod, message: messageOf(error) });
  };

  const start = ({ pod }: Plan): void => {
    const name = podKey(pod);
    let program: RunningProgram;
    try {
      program = startProgram(pod, (line) => onLine(name, line));
    } catch (error) {
      couldNotRun(name, error);
      return;
    }
    running.push({ pod: name, program });
    emit({ type: 'Normal', reason: 'ProgramStarted', pod: name, message: `${name} runs its command` });
    program.ended.then(
      ({ code, signal }) => {
        if (stopping) return;
        const how = `ended by itself with ${signal ?? `code ${code}`}`;
        endings.push(`${name}: its command ${how}`);
        emit({
          type: 'Warning',
          reason: 'ProgramExited',
          pod: name,
          message: `The command of ${name} ${how}`,
        });
      },
      (error: unknown) => couldNotRun(name, error),
    );
  };

  return {
    wake() {
      for (let plan = plans[next]; !stopping && plan?.ready() === true; plan = plans[next]) {
        next++; // first: starting makes events, and events wake
        start(plan);
      }
    },
    tally: () =>
      running.reduce<Tally | undefined>((sum, { program }) => {
        const tally = program.tally();
        if (sum === undefined || tally === undefined) return sum ?? tally;
        return { requests: sum.requests + tally.requests, failed: sum.failed + tally.failed };
      }, undefined),
    exited: () => endings.length,
    problems: () => [
      ...running.flatMap(({ pod, program }) => {
        const { requests, failed } = program.tally() ?? { requests: 0, failed: 0 };
        return failed === 0 ? [] : [`${pod}: ${failed} of ${requests} requests failed`];
      }),
      ...endings,
    ],
    async stop() {
      stopping = true;
      for (const { pod, program } of [...running].reverse()) {
        program.stop('SIGTERM');
        const timers = [
          setTimeout(() => program.stop('SIGKILL'), GRACE),
          setTimeout(() => {
            const message = `The command of ${pod} was told to end and has not yet; it is killed after ${GRACE / 1000} s`;
            emit({ type: 'Normal', reason: 'Ending', pod, message });
          }, PATIENCE),
        ];
        await program.ended.catch(() => {}); // told when it happened
        for (const timer of timers) clearTimeout(timer);
      }
    },
  };
}
