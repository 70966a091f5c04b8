import type { Emit } from './event.js';

/** Whoever may have problems. */
interface Part {
  readonly problems: () => readonly string[];
}

/** Whether all parts are well, kept up to date part by part. */
export interface Readiness<T> {
  /** Asks this part alone how it stands, and tells when with it everything became ready, or no longer is. */
  changed(part: T): void;
}

/** Asks every part once; the first thing that is told is that all are ready. */
export function createReadiness<T extends Part>(parts: readonly T[], emit: Emit): Readiness<T> {
  const troubled = new Set(parts.filter((part) => part.problems().length > 0));
  let was = false;
  return {
    changed(part) {
      const problems = part.problems();
      if (problems.length > 0) troubled.add(part);
      else troubled.delete(part);
      const ready = troubled.size === 0;
      if (ready === was) return;
      was = ready;
      if (ready) emit({ type: 'Normal', reason: 'Ready', message: 'Every pod has its certificates' });
      else emit({ type: 'Warning', reason: 'NotReady', message: `Not ready: ${brief(problems)}` });
    },
  };
}

/** Problems told in one line; `/readyz` has them all. */
const MAX_PROBLEMS = 3;

const brief = (problems: readonly string[]): string =>
  problems.length > MAX_PROBLEMS
    ? `${problems.slice(0, MAX_PROBLEMS).join('; ')} and ${problems.length - MAX_PROBLEMS} more`
    : problems.join('; ');
