import type { RevocationStatus } from './revocation-status.js';

/**
 * Runs a check that asks questions, and answers them one after the other. An answer that is thrown counts as no, since others may
 * decide; where none does, the first that was thrown is thrown again.
 * @throws TypeError for an answer that is no boolean.
 */
export async function answerQuestions<Question>(
  check: Generator<Question, RevocationStatus, boolean>,
  answer: (question: Question) => boolean | Promise<boolean>,
): Promise<RevocationStatus> {
  const failures: unknown[] = [];
  let step = check.next();
  while (!step.done) {
    let yes: unknown = false;
    try {
      yes = await answer(step.value);
    } catch (error) {
      failures.push(error);
    }
    step = check.next(requireBoolean(yes));
  }
  return decided(step.value, failures);
}

/** {@link answerQuestions} without waiting. */
export function answerQuestionsSync<Question>(
  check: Generator<Question, RevocationStatus, boolean>,
  answer: (question: Question) => boolean,
): RevocationStatus {
  const failures: unknown[] = [];
  let step = check.next();
  while (!step.done) {
    let yes: unknown = false;
    try {
      yes = answer(step.value);
    } catch (error) {
      failures.push(error);
    }
    step = check.next(requireBoolean(yes));
  }
  return decided(step.value, failures);
}

function decided(status: RevocationStatus, failures: readonly unknown[]): RevocationStatus {
  if (status.status === 'unknown' && failures.length > 0) throw failures[0];
  return status;
}

/** A promise or an object would count as yes. */
function requireBoolean(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  if (answer instanceof Promise) answer.catch(() => {}); // nobody is going to look at it
  throw new TypeError(
    `Cannot check revocation: a verifier answered with ${answer instanceof Promise ? 'a promise' : typeof answer}, not with a boolean`,
  );
}
