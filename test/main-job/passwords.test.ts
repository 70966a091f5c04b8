/** Passwords of key stores, typed at a terminal that `script` of util-linux makes. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { keyEntries, readPfx } from '@mayfly/pkcs12';
import { beforeAll, describe, expect, test } from 'vitest';
import { hasScript, isBuilt, mayflyWords, newDirectory, unlessBuilt } from './command.js';

const PASSWORD = 'pässwörd of a person';
const ENTER = '\r';

/** What stood on the terminal, and the exit code. */
interface Session {
  readonly screen: string;
  readonly code: number | null;
}

/** Runs `mayfly` at a terminal; each answer is typed when one more question stands there. */
function atTerminal(args: readonly string[], cwd: string, answers: readonly string[]): Promise<Session> {
  const command = [...mayflyWords, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  let screen = '';
  let typed = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const questions = screen.match(/(?:password of [^\n]*|The same again): /gi)?.length ?? 0;
    while (typed < Math.min(questions, answers.length)) child.stdin.write(answers[typed++]!);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ screen, code }));
  });
}

const title = `at a terminal${hasScript ? '' : ' (missing: script of util-linux)'}${unlessBuilt}`;
describe.skipIf(!hasScript || !isBuilt)(title, { timeout: 60_000 }, () => {
  let directory: string;
  beforeAll(() => {
    directory = newDirectory();
    const files = ['-keyout', 'web.key', '-out', 'web.crt'];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=web'];
    execFileSync('openssl', [...args, ...files], { cwd: directory, stdio: 'ignore' });
  });
  const create = (out: string) => ['p12', 'create', '--key', 'web.key', '--cert', 'web.crt', '--out', out];

  test('a new password is asked for twice, shown never, and opens the file', async () => {
    const made = await atTerminal(create('web.p12'), directory, [PASSWORD + ENTER, PASSWORD + ENTER]);
    expect(made).toMatchObject({
      code: 0,
      screen: expect.stringMatching(/New password of .*: \r\nThe same again: \r\n/),
    });
    expect(made.screen).not.toContain('rd of a person');
    const file = join(directory, 'web.p12');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(keyEntries(await readPfx(readFileSync(file), PASSWORD))).toHaveLength(1);

    const opened = await atTerminal(['p12', 'open', 'web.p12'], directory, [`wrong\u0015${PASSWORD}x\u007f${ENTER}`]);
    expect(opened).toMatchObject({ code: 0, screen: expect.stringContaining('BEGIN CERTIFICATE') });
    expect(opened.screen).not.toMatch(/wrong|rd of a person/);
  });

  test('a file under a wrong password stays closed, and one is not made under two answers', async () => {
    await atTerminal(create('other.p12'), directory, [PASSWORD + ENTER, PASSWORD + ENTER]);
    const opened = await atTerminal(['p12', 'open', 'other.p12', '--key-out', 'out.key'], directory, [`wrong${ENTER}`]);
    expect(opened.code).not.toBe(0);
    expect(opened.screen).toContain('ERR_PKCS12_PASSWORD');
    expect(existsSync(join(directory, 'out.key'))).toBe(false);

    const made = await atTerminal(create('two.p12'), directory, [`one${ENTER}`, `two${ENTER}`]);
    expect(made.code).not.toBe(0);
    expect(made.screen).toContain('the two answers differ');
    expect(existsSync(join(directory, 'two.p12'))).toBe(false);
  });

  test('Ctrl-C at the question leaves nothing behind', async () => {
    const made = await atTerminal(create('none.p12'), directory, ['half\u0003']);
    expect(made.code).not.toBe(0);
    expect(made.screen).toContain('interrupted');
    expect(made.screen).not.toContain('half');
    expect(existsSync(join(directory, 'none.p12'))).toBe(false);
  });
});
