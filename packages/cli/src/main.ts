import { Command, CommanderError } from 'commander';
import { caCommand } from './commands/ca-init.js';
import { csrCommand } from './commands/csr.js';
import { doctorCommand } from './commands/doctor.js';
import { execCommand } from './commands/exec.js';
import { inspectCommand } from './commands/inspect.js';
import { p12Command } from './commands/p12.js';
import { requesterCommand } from './commands/requester.js';
import { signerCommand } from './commands/signer.js';
import { translateCommand } from './commands/translate.js';
import { upCommand } from './commands/up.js';
import { verifyCommand } from './commands/verify.js';
import { CliError, reportOf } from './errors.js';
import { printableLines } from './terminal-text.js';

/** The version of all packages, which is one. */
export const VERSION = '0.1.0';

/** The whole command line. */
export const mayfly = (): Command =>
  new Command('mayfly')
    .description('Short-lived X.509 identities for workloads: minted, delivered and rotated by themselves')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .addCommand(upCommand())
    .addCommand(execCommand())
    .addCommand(signerCommand())
    .addCommand(requesterCommand())
    .addCommand(doctorCommand())
    .addCommand(translateCommand())
    .addCommand(csrCommand())
    .addCommand(inspectCommand())
    .addCommand(verifyCommand())
    .addCommand(p12Command())
    .addCommand(caCommand());

const withSubcommands = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(withSubcommands),
];

/** A reader that has gone away is none of ours; a disk that is full is. */
function passOver(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.exitCode = 1;
}

/**
 * Runs the command line; what goes wrong is told on standard error.
 * @returns When the command has ended; `process.exitCode` is 0, 1 for what failed, 2 for a wrong call, or what the command says.
 */
export async function run(argv: readonly string[]): Promise<void> {
  const program = mayfly();
  // Nobody reads any more, as behind `| head`: no reason to fall over what cannot be told.
  for (const stream of [process.stdout, process.stderr]) stream.off('error', passOver).on('error', passOver);
  for (const command of withSubcommands(program)) command.exitOverride();
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and versions come this way too, and have been printed.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.exitCode = error instanceof CliError ? error.exitCode : 1;
    process.stderr.write(`mayfly: ${printableLines(reportOf(error))}\n`);
    if (process.env['MAYFLY_DEBUG'] === '1' && error instanceof Error)
      process.stderr.write(`${printableLines(error.stack ?? '')}\n`);
  }
}
