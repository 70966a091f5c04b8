import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePem } from '@mayfly/der/pem';
import type { Cryptoki } from '@mayfly/keys/pkcs11';

/** Where distributions put the module. */
const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
];

interface Pkcs11Js {
  PKCS11: new () => Cryptoki & { load(path: string): void; C_CloseAllSessions(slot: Buffer): void; C_Finalize(): void };
}

/** A token of SoftHSM in a directory of its own. */
export interface SoftToken {
  readonly label: string;
  readonly pin: string;
  readonly modulePath: string;
  /** Of `SOFTHSM2_CONF`, which names it to a process. */
  readonly configuration: string;
  /** Brings a key in, with its public part. */
  importKey(label: string, id: string, pkcs8: Uint8Array): void;
  /** Takes it out of its slot, as far as a process that uses it can tell. */
  takeAway(): void;
  putBack(): void;
  remove(): void;
}

/** For NODE_PATH, where a command is to find the binding that stands in here. */
export const BINDING_PATH: string = fileURLToPath(new URL('node_modules', import.meta.url));

const modulePath: string | undefined = MODULES.find(existsSync);
/** `undefined` where it was not installed. */
const binding = loadBinding();

/** Why no test can ask a token here; `undefined`: some can. */
export const missing: string | undefined =
  spawnSync('softhsm2-util', ['--version']).status !== 0 || modulePath === undefined
    ? 'SoftHSM is not installed (softhsm2)'
    : binding === undefined
      ? 'pkcs11js is not installed (npm ci --prefix test/pkcs11)'
      : undefined;

/** The module of SoftHSM, which reads `SOFTHSM2_CONF` when it is initialised. */
export function loadModule(): InstanceType<Pkcs11Js['PKCS11']> {
  const loaded = new binding!.PKCS11();
  loaded.load(modulePath!);
  return loaded;
}

export function createToken(label: string, pin: string): SoftToken {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-softhsm-'));
  const tokens = join(directory, 'tokens');
  mkdirSync(tokens);
  const configuration = join(directory, 'softhsm2.conf');
  writeFileSync(configuration, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  const util = (...args: readonly string[]): void => {
    const env = { ...process.env, SOFTHSM2_CONF: configuration };
    execFileSync('softhsm2-util', args, { env, stdio: 'pipe' });
  };
  util('--init-token', '--free', '--label', label, '--so-pin', '87654321', '--pin', pin);
  return {
    ...{ label, pin, configuration, modulePath: modulePath! },
    importKey(keyLabel, id, pkcs8) {
      const file = join(directory, `${id}.pem`);
      writeFileSync(file, encodePem('PRIVATE KEY', pkcs8), { mode: 0o600 });
      util('--import', file, '--token', label, '--label', keyLabel, '--id', id, '--pin', pin);
      rmSync(file);
    },
    takeAway: () => renameSync(tokens, `${tokens}.away`),
    putBack: () => renameSync(`${tokens}.away`, tokens),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function loadBinding(): Pkcs11Js | undefined {
  try {
    return createRequire(import.meta.url)('pkcs11js');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
