/** Runs a check that asks questions, and answers them one after the other. */
export async function answerQuestions<Question, Answer, Result>(
  check: Generator<Question, Result, Answer>,
  answer: (question: Question) => Answer | Promise<Answer>,
): Promise<Result> {
  let step = check.next();
  while (!step.done) step = check.next(await answer(step.value));
  return step.value;
}

/** {@link answerQuestions} without waiting. */
export function answerQuestionsSync<Question, Answer, Result>(
  check: Generator<Question, Result, Answer>,
  answer: (question: Question) => Answer,
): Result {
  let step = check.next();
  while (!step.done) step = check.next(answer(step.value));
  return step.value;
}
