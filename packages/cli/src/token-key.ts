import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { KeysError } from '@mayfly/keys';
import { type Cryptoki, openPkcs11Key, type Pkcs11SigningKey, parsePkcs11Uri } from '@mayfly/keys/pkcs11';
import { CliError, messageOf } from './errors.js';
import { systemState } from './input-file.js';

/** The variable that has the PIN of a token where its URI names no `pin-source`. */
const PIN_VARIABLE = 'MAYFLY_PKCS11_PIN';

/** How many signatures a token makes at a time. */
export const TOKEN_SESSIONS = 3;

/** What children may see of the environment: all but the PIN. */
export function childEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  const { [PIN_VARIABLE]: _pin, ...rest } = env;
  return rest;
}

export interface TokenKeyOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Waits between two looks at a PIN that the token refused; the key is opened when it has become another. Default: the refusal is
   * thrown.
   */
  readonly whileRefused?: (refusal: KeysError) => Promise<void>;
  /** Replaced by tests. */
  readonly load?: (modulePath: string) => Cryptoki;
}

/** Whether an option names a key of a token instead of a file. */
export const isTokenUri = (text: string): boolean => /^pkcs11:/i.test(text);

/**
 * Opens a private key of a PKCS#11 token by its URI (RFC 7512), which has to have a `module-path`. The PIN is read again for every
 * login: from the file that `pin-source` names, its first line, or from `MAYFLY_PKCS11_PIN`.
 * @throws {@link CliError} `ERR_CLI_USAGE` without the module or the package pkcs11js, `ERR_CLI_STATE` for a module that does not
 * load, `ERR_CLI_FILE` for the PIN's; KeysError of `openPkcs11Key` and `parsePkcs11Uri`; what `whileRefused` throws.
 */
export async function openTokenKey(
  text: string,
  { env = process.env, whileRefused, load = loadModule }: TokenKeyOptions = {},
): Promise<Pkcs11SigningKey> {
  const uri = parsePkcs11Uri(text);
  const { modulePath, pinSource } = uri;
  if (modulePath === undefined)
    throw new CliError(
      'ERR_CLI_USAGE',
      'Cannot use a PKCS#11 key: its URI names no module; add ?module-path=/usr/lib/softhsm/libsofthsm2.so or that of your token',
    );
  const pin = env[PIN_VARIABLE] || undefined;
  const readPin = pinSource !== undefined ? () => firstLine(pinSource) : pin !== undefined ? () => pin : undefined;
  const module = load(modulePath);
  /** Of the PIN that was read last. */
  let digest = '';
  const readNoted = async (): Promise<string> => {
    const read = (await readPin?.()) ?? '';
    digest = createHash('sha256').update(read).digest('hex');
    return read;
  };
  for (;;)
    try {
      return await openPkcs11Key(module, uri, { sessions: TOKEN_SESSIONS, ...(readPin && { readPin: readNoted }) });
    } catch (error) {
      if (whileRefused === undefined || !(error instanceof KeysError) || error.code !== 'ERR_KEYS_PKCS11_PIN')
        throw error;
      const refused = digest;
      do {
        await whileRefused(error);
        await readNoted().catch(() => {}); // a file that is being replaced: it is looked at again
      } while (digest === refused);
    }
}

/** pkcs11js is compiled when it is installed, so that whoever has a token installs it, and nobody else. */
function loadModule(path: string): Cryptoki {
  const module = new (loadBinding().PKCS11)();
  try {
    module.load(path);
  } catch (cause) {
    throw new CliError('ERR_CLI_STATE', `Cannot load the PKCS#11 module ${path}: ${messageOf(cause)}`, { cause });
  }
  return module;
}

function loadBinding(): { readonly PKCS11: new () => Cryptoki & { load(path: string): void } } {
  try {
    return createRequire(import.meta.url)('pkcs11js');
  } catch (cause) {
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot use a PKCS#11 key: the package pkcs11js cannot be loaded (${firstSentence(messageOf(cause))}); install it beside mayfly: npm install pkcs11js@2`,
      { cause },
    );
  }
}

const firstSentence = (text: string): string => text.replace(/\n[\s\S]*$/, '');

async function firstLine(path: string): Promise<string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `Cannot read the PIN from ${path}: ${systemState(cause)}`, { cause });
  }
  const pin = text.replace(/\r?\n[\s\S]*$/, '');
  if (pin === '') throw new CliError('ERR_CLI_FILE', `Cannot read the PIN from ${path}: its first line is empty`);
  return pin;
}
