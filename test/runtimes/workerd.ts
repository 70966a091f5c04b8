import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { start, text, withChild } from './processes.js';

/**
 * Serves a worker with workerd on a free port of loopback while it is used.
 * @param modules - Files of the directory, the main module first; those that end with `.wasm` are WebAssembly.
 */
export async function withWorker<T>(
  program: string,
  directory: string,
  modules: readonly string[],
  use: (url: string) => Promise<T>,
): Promise<T> {
  const config = join(directory, 'config.capnp');
  const embedded = modules.map(
    (name) => `(name = "${name}", ${name.endsWith('.wasm') ? 'wasm' : 'esModule'} = embed "${name}")`,
  );
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [${embedded.join(', ')}], compatibilityDate = "2025-01-01"))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);
`,
  );
  const child = start(program, ['serve', config, '--control-fd=3'], directory, 'pipe');
  return withChild(child, async () => {
    const errors = text(child.stderr);
    const port = await new Promise<number>((resolve, reject) => {
      let seen = '';
      (child.stdio[3] as Readable).on('data', (chunk) => {
        seen += chunk;
        const listening = /"port":\s*(\d+)/.exec(seen);
        if (listening !== null) resolve(Number(listening[1]));
      });
      child.once('close', () => void errors.then((said) => reject(new Error(`workerd ended: ${said}`))));
    });
    return use(`http://127.0.0.1:${port}/`);
  });
}
