import type { FileOperations, WritableFile } from '../fs/operations.js';

/** Which operation fails, and how. */
export interface FaultPlan {
  /** Which operation, from 0. */
  readonly at: number;
  /**
   * `crash`: it and every later one fails, as for a killed process. `torn`: the same, after half of a write. `late`: it
   * is done and then fails. Any other name: it alone fails, with this code.
   */
  readonly fault: 'crash' | 'torn' | 'late' | 'ENOSPC' | 'EIO';
}

/**
 * Passes every operation on, notes it in `log` as its name and path, and lets one of them fail: a test counts the
 * operations in a first run, and then repeats the run with a fault at each.
 */
export function faultyFiles(
  real: FileOperations,
  plan?: FaultPlan,
): { readonly files: FileOperations; readonly log: readonly string[] } {
  const log: string[] = [];
  const fail = (code: string): never => {
    throw Object.assign(new Error(`${code}: injected`), { code });
  };
  const step = async <T>(
    name: string,
    path: string,
    work: () => Promise<T>,
    half?: () => Promise<void>,
  ): Promise<T> => {
    const at = log.push(`${name} ${path}`) - 1;
    if (plan === undefined || at < plan.at) return work();
    const { fault } = plan;
    if (at > plan.at) return fault === 'crash' || fault === 'torn' ? fail('EKILLED') : work();
    if (fault === 'torn') await half?.();
    if (fault === 'late') await work();
    return fail(fault === 'crash' || fault === 'torn' ? 'EKILLED' : fault === 'late' ? 'EIO' : fault);
  };
  const watched = (path: string, file: WritableFile): WritableFile => ({
    write: (bytes) =>
      step(
        'write',
        path,
        () => file.write(bytes),
        () => file.write(bytes.subarray(0, bytes.length / 2)),
      ),
    chmod: (mode) => step('fchmod', path, () => file.chmod(mode)),
    sync: () => step('sync', path, () => file.sync()),
    // The descriptor is closed in any case: a killed process does not keep it either.
    close: () =>
      step('close', path, () => file.close()).catch(async (error: unknown) => {
        await file.close().catch(() => {});
        throw error;
      }),
  });
  return {
    log,
    files: {
      create: async (path) => {
        let created: WritableFile | undefined;
        try {
          await step('create', path, async () => {
            created = await real.create(path);
          });
        } catch (error) {
          await created?.close(); // nobody else has it
          throw error;
        }
        return watched(path, created!);
      },
      read: (path) => step('read', path, () => real.read(path)),
      mkdir: (path, mode) => step('mkdir', path, () => real.mkdir(path, mode)),
      chmod: (path, mode) => step('chmod', path, () => real.chmod(path, mode)),
      list: (path) => step('list', path, () => real.list(path)),
      look: (path) => step('look', path, () => real.look(path)),
      link: (existing, path) => step('link', path, () => real.link(existing, path)),
      symlink: (target, path) => step('symlink', path, () => real.symlink(target, path)),
      readlink: (path) => step('readlink', path, () => real.readlink(path)),
      rename: (from, to) => step('rename', from, () => real.rename(from, to)),
      unlink: (path) => step('unlink', path, () => real.unlink(path)),
      rmdir: (path) => step('rmdir', path, () => real.rmdir(path)),
      syncDirectory: (path) => step('syncDirectory', path, () => real.syncDirectory(path)),
    },
  };
}
