import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory to run foreign tools in. */
export interface Bench {
  /** Runs a tool in the directory and gives back what it printed. An exit code other than 0 is an error. */
  run(tool: string, ...args: readonly string[]): string;
  /** The same with further environment variables. */
  runWith(variables: Readonly<Record<string, string>>, tool: string, ...args: readonly string[]): string;
  read(file: string): Buffer;
  write(file: string, content: string | Uint8Array): void;
  remove(): void;
}

/** Makes the directory; the caller removes it. */
export function openBench(): Bench {
  const cwd = mkdtempSync(join(tmpdir(), 'mayfly-interop-'));
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC', OPENSSL_CONF: '/dev/null' };
  const runWith: Bench['runWith'] = (variables, tool, ...args) => {
    const options = { cwd, env: { ...env, ...variables }, encoding: 'utf8' } as const;
    const { status, stdout, stderr, error } = spawnSync(tool, args, options);
    if (error !== undefined) throw new Error(`Cannot run ${tool}: ${error.message}`, { cause: error });
    if (status !== 0) throw new Error(`Cannot run ${tool} ${args.join(' ')}: ${stderr}${stdout}`);
    return stdout;
  };
  return {
    run: (tool, ...args) => runWith({}, tool, ...args),
    runWith,
    read: (file) => readFileSync(join(cwd, file)),
    write: (file, content) => writeFileSync(join(cwd, file), content),
    remove: () => rmSync(cwd, { recursive: true, force: true }),
  };
}
