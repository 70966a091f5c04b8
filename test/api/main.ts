import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  ExtractorMessageCategory,
} from '@microsoft/api-extractor';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compares what every entry point of every package exports with the committed report in `packages/<name>/api`, or
 * writes the reports. Reads the built declarations.
 * @param args - `--write` to write, nothing to compare.
 * @returns The exit code.
 */
function main(args: readonly string[]): number {
  const write = args.includes('--write');
  const entries = readdirSync(join(root, 'packages')).flatMap((name) => entriesOf(name));
  const stale = staleReports(entries);
  if (write) for (const path of stale) rmSync(path);
  const differing = report(entries, write);

  if (write) {
    console.log(`Wrote ${differing.length} of ${entries.length} reports, removed ${stale.length}`);
    return 0;
  }
  for (const path of differing) console.error(`${path}: the API differs from its report`);
  for (const path of stale) console.error(`${path}: no entry point of this name`);
  if (differing.length + stale.length > 0) {
    console.error('Look at the change, then: npm run api -- --write');
    return 1;
  }
  console.log(`${entries.length} API reports are up to date`);
  return 0;
}

interface Entry {
  /** The package's directory. */
  readonly directory: string;
  /** The built declarations. */
  readonly types: string;
  /** Where the report lies. */
  readonly report: string;
}

function entriesOf(name: string): readonly Entry[] {
  const directory = join(root, 'packages', name);
  const manifest: { readonly exports: Readonly<Record<string, { readonly types: string }>> } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  return Object.entries(manifest.exports).map(([subpath, { types }]) => {
    const reportName = subpath === '.' ? name : subpath.slice(2).replaceAll('/', '-');
    return { directory, types: join(directory, types), report: join(directory, 'api', `${reportName}.api.md`) };
  });
}

function staleReports(entries: readonly Entry[]): readonly string[] {
  const wanted = new Set(entries.map((entry) => entry.report));
  return readdirSync(join(root, 'packages'))
    .map((name) => join(root, 'packages', name, 'api'))
    .filter((directory) => existsSync(directory))
    .flatMap((directory) => readdirSync(directory).map((file) => join(directory, file)))
    .filter((path) => path.endsWith('.api.md') && !wanted.has(path));
}

/** @returns The reports that differ, by path; with `write` they have been replaced. */
function report(entries: readonly Entry[], write: boolean): readonly string[] {
  const configs = entries.map((entry) => configOf(entry));
  // One program for all: reading the declarations of Node and of the language takes longer than all reports together.
  const compilerState = CompilerState.create(configs[0]!, { additionalEntryPoints: entries.map(({ types }) => types) });
  return entries.flatMap((entry, i) => {
    if (write) mkdirSync(join(entry.directory, 'api'), { recursive: true });
    const { apiReportChanged } = Extractor.invoke(configs[i]!, {
      compilerState,
      localBuild: write,
      messageCallback: judge,
    });
    return apiReportChanged ? [entry.report] : [];
  });
}

function configOf(entry: Entry): ExtractorConfig {
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: entry.directory,
      mainEntryPointFilePath: entry.types,
      newlineKind: 'lf',
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2023',
            lib: ['ES2023', 'ES2024.String'],
            module: 'NodeNext',
            moduleResolution: 'NodeNext',
            types: ['node'],
            strict: true,
            exactOptionalPropertyTypes: true,
            skipLibCheck: true,
          },
          files: [entry.types],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: basename(entry.report),
        reportFolder: join(entry.directory, 'api'),
        reportTempFolder: join(root, 'node_modules/.cache/mayfly/api', basename(entry.directory)),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.None },
          'ae-forgotten-export': { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true },
        },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(entry.directory, 'package.json'),
  });
}

/** Compiler errors end the run; everything else is said by the comparison. */
function judge(message: ExtractorMessage): void {
  if (message.category === ExtractorMessageCategory.Compiler)
    throw new Error(`Cannot read ${message.sourceFilePath}:${message.sourceFileLine}: ${message.text}`);
  message.handled = true;
}

process.exitCode = main(process.argv.slice(2));
