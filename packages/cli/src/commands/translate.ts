import { Command } from 'commander';
import { CliError } from '../errors.js';
import { formatFindings } from '../manifests/read-manifests.js';
import { translate } from '../manifests/translate.js';
import { readSourceFiles } from '../up/read-files.js';

const EXAMPLES = `
Examples:
  mayfly translate -f pod.yaml > real.yaml
  mayfly translate -f pod.yaml --signer-name pki.example.com/workload | kubectl apply -f -`;

/** `mayfly translate`. */
export const translateCommand = (): Command =>
  new Command('translate')
    .summary("print the real API's form of manifests in the popular form")
    .description(
      'Rewrites podCertificate sources as articles show them into the form that a cluster accepts. Everything else in the\nfiles stays as it is; a file in the real form comes out unchanged.',
    )
    .requiredOption('-f, --filename <path...>', 'manifests: files, directories, or - for standard input')
    .option(
      '--signer-name <name>',
      'the signer that they name from now on (default: their own, mayfly.dev/workload in place of a reserved one)',
    )
    .addHelpText('after', EXAMPLES)
    .action(
      async ({ filename, signerName }: { readonly filename: readonly string[]; readonly signerName?: string }) => {
        const texts: string[] = [];
        for (const file of await readSourceFiles(filename, process.stdin)) {
          const result = translateFile(file, signerName);
          if (!result.ok)
            throw new CliError('ERR_CLI_MANIFEST', `Cannot translate:\n${formatFindings(result.errors).trimEnd()}`);
          texts.push(result.text);
        }
        process.stdout.write(
          texts.reduce((all, text) => (all === '' ? text : `${all.trimEnd()}\n---\n${text.replace(/^---\n/, '')}`), ''),
        );
      },
    );

function translateFile(file: Parameters<typeof translate>[0], signerName: string | undefined) {
  try {
    return translate(file, signerName === undefined ? {} : { signerName });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CliError('ERR_CLI_USAGE', `Cannot use --signer-name: ${cause.message}`, { cause });
  }
}
