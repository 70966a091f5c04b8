import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  ExtractorMessageCategory,
} from '@microsoft/api-extractor';

/** Said of a type in a signature that the same entry point does not export. */
const FORGOTTEN = 'ae-forgotten-export';

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
  const { differing, unnamed } = report(entries, write);

  if (write) {
    console.log(`Wrote ${differing.length} of ${entries.length} reports, removed ${stale.length}`);
    return 0;
  }
  for (const path of differing) console.error(`${path}: the API differs from its report`);
  for (const path of stale) console.error(`${path}: no entry point of this name`);
  for (const symbol of unnamed) console.error(`${symbol}: in a signature, but exported by no entry point`);
  if (differing.length + stale.length + unnamed.length > 0) {
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
  const manifest: { readonly exports: Readonly<Record<string, string | { readonly types: string }>> } = JSON.parse(
    readFileSync(join(directory, 'package.json'), 'utf8'),
  );
  return Object.entries(manifest.exports).flatMap(([subpath, target]) => {
    if (typeof target === 'string') return []; // a file, not a module with types
    const reportName = subpath === '.' ? name : subpath.slice(2).replaceAll('/', '-');
    return { directory, types: join(directory, target.types), report: join(directory, 'api', `${reportName}.api.md`) };
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

interface Outcome {
  /** Reports that differ; with `write` they have been replaced. */
  readonly differing: readonly string[];
  /** Types that a caller meets and cannot import from any entry point of the package. */
  readonly unnamed: readonly string[];
}

function report(entries: readonly Entry[], write: boolean): Outcome {
  const configs = entries.map((entry) => configOf(entry));
  // One program for all: reading the declarations of Node and of the language takes longer than all reports together.
  const compilerState = CompilerState.create(configs[0]!, { additionalEntryPoints: entries.map(({ types }) => types) });
  const differing: string[] = [];
  const forgotten = new Set<string>();
  for (const [i, { directory, report }] of entries.entries()) {
    if (write) mkdirSync(join(directory, 'api'), { recursive: true });
    const { apiReportChanged } = Extractor.invoke(configs[i]!, {
      compilerState,
      localBuild: write,
      messageCallback: (message) => {
        message.handled = true;
        const symbol = message.messageId === FORGOTTEN ? /"(\w+)"/.exec(message.text)?.[1] : undefined;
        if (symbol !== undefined) forgotten.add(`${basename(directory)} ${symbol}`);
        if (message.category === ExtractorMessageCategory.Compiler)
          throw new Error(`Cannot read ${message.sourceFilePath}:${message.sourceFileLine}: ${message.text}`);
      },
    });
    if (apiReportChanged) differing.push(report);
  }
  const named = new Set(entries.flatMap((entry, i) => exportsOf(entry, configs[i]!)));
  return { differing, unnamed: [...forgotten].filter((symbol) => !named.has(symbol)) };
}

/** What the fresh report says is exported, each after its package's name. */
function exportsOf({ directory }: Entry, { reportTempFilePath }: ExtractorConfig): readonly string[] {
  const text = readFileSync(reportTempFilePath, 'utf8');
  const declared = text.matchAll(/^export (?:abstract )?(?:class|const|function|interface|type) (\w+)/gm);
  const passedOn = text.matchAll(/^export \{ (\w+) \}/gm);
  return [...declared, ...passedOn].map(([, symbol]) => `${basename(directory)} ${symbol}`);
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
          [FORGOTTEN]: { logLevel: ExtractorLogLevel.Warning },
        },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(entry.directory, 'package.json'),
  });
}

process.exitCode = main(process.argv.slice(2));
