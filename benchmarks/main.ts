import { readArguments, type Task, usage } from './arguments.js';
import { compareAll } from './compare.js';
import { checkDocuments, writeDocuments } from './documents.js';
import { measureAll } from './run.js';

function taskOf(args: readonly string[]): Task {
  try {
    return readArguments(args);
  } catch (error) {
    console.error(`Cannot run benchmarks: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

const task = taskOf(process.argv.slice(2));
const isWell = await carryOut(task);
if (!isWell) process.exitCode = 1;

/** False where something failed that was told. */
async function carryOut(task: Task): Promise<boolean> {
  switch (task.kind) {
    case 'help':
      console.log(usage);
      return true;
    case 'report':
      if (task.check) return checkDocuments();
      await writeDocuments();
      return true;
    case 'compare':
      return compareAll(task.chosen);
    case 'measure':
      return measureAll(task);
  }
}
