import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FileOperations,
  type ProcessIdentity,
  readFileIfThere,
  systemProcesses,
  writeFileAtomic,
} from '@mayfly/rotation/fs';

/** Says which process serves the pods that stand in a state directory. */
const servingFile = (state: string): string => join(state, 'serving.json');

/** Notes that this process serves the pods whose files are there, and no others. */
export async function noteServing(state: string, files: FileOperations): Promise<void> {
  const json = `${JSON.stringify(await systemProcesses.self())}\n`;
  await writeFileAtomic(servingFile(state), new TextEncoder().encode(json), 0o600, { files });
}

/** Takes that back. */
export const noteNotServing = (state: string): Promise<void> => rm(servingFile(state), { force: true });

/** Whether a process serves the pods of a state directory, so that those that have their files are all that there are. */
export async function isServed(state: string): Promise<boolean> {
  const bytes = await readFileIfThere(servingFile(state));
  const owner = bytes === undefined ? undefined : parseOwner(new TextDecoder().decode(bytes));
  return owner !== undefined && (await systemProcesses.state(owner)) === 'alive';
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    const { pid, host, boot, namespace, started } = JSON.parse(text);
    return Number.isSafeInteger(pid) && typeof host === 'string' ? { pid, host, boot, namespace, started } : undefined;
  } catch {
    return undefined; // nobody's word then, and whoever asks waits
  }
}
