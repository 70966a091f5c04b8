import { nobleBackend } from '@mayfly/keys/noble';
import { type Answer, answerTask, type Task } from '../src/pool/task.js';

/** A thread that signs with noble, and dies of the message `die`. */
export default (task: Task): Answer => {
  if (new TextDecoder().decode(task.messages.octets) === 'die') process.exit(3);
  return answerTask(nobleBackend, task);
};
