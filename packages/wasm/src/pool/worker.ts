import { wasmBackend } from '../index.js';
import { type Answer, answerTask, type Task } from './task.js';

const backend = /* @__PURE__ */ wasmBackend();

/** What a thread of the pool does with a task. */
export default (task: Task): Answer => answerTask(backend, task);
