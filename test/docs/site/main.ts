import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  Application,
  DeclarationReflection,
  LogLevel,
  PageEvent,
  type ProjectReflection,
  ReflectionKind,
} from 'typedoc';
import { allPages, START, writePages } from './pages.js';

// npm run docs: a site from the READMEs, the guides and the doc comments, readable without a server.
const root = fileURLToPath(new URL('../../../', import.meta.url));
const out = fileURLToPath(new URL('../dist/', import.meta.url));

/** The console is a page: it is compiled apart, and nobody imports it. */
const packages = readdirSync(`${root}packages`).filter((name) => name !== 'console');

/** What can be imported, by the file that has it. */
const modules: ReadonlyMap<string, string> = new Map(
  packages.flatMap((name) => {
    const { exports } = JSON.parse(readFileSync(`${root}packages/${name}/package.json`, 'utf8'));
    return Object.entries<{ readonly '@mayfly/source'?: string }>(exports).flatMap(([subpath, target]) => {
      const source = target['@mayfly/source']; // WebAssembly has none
      return source === undefined
        ? []
        : [[`${root}packages/${name}/${source.slice(2)}`, `@mayfly/${name}${subpath.slice(1)}`] as const];
    });
  }),
);

/** Says what is being done, and when since the start. */
const tell = (what: string): void => console.error(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what}`);

tell('Compiling the packages for their doc comments, which takes a minute');
const directory = `${out}pages`;
const pages = writePages(allPages(), directory);
const start = `${directory}/${START}`;

const app = await Application.bootstrap({
  name: 'Mayfly',
  entryPoints: [...modules.keys()],
  tsconfig: `${root}tsconfig.json`,
  basePath: root,
  readme: start,
  projectDocuments: pages.filter((page) => page !== start),
  out: `${out}site`,
  cleanOutputDir: true,
  customCss: fileURLToPath(new URL('site.css', import.meta.url)),
  // Types that no module exports are shown where they are used; links go to what the page says, not to a host.
  validation: { notExported: false, invalidLink: true, invalidPath: false, notDocumented: false },
  disableSources: true,
  excludeInternal: true,
  excludeExternals: true,
  includeVersion: false,
  githubPages: false,
  hideGenerator: true,
  favicon: `${root}packages/console/public/mayfly.svg`,
  markdownItOptions: { html: true, linkify: false },
  navigation: { includeGroups: true, includeFolders: true, excludeReferences: true },
  groupOrder: ['Guides', 'Migration', 'Reference', 'Packages', 'Modules', '*'],
  sort: ['documents-first', 'source-order'],
  logLevel: LogLevel.Warn,
});

/** Comments link what their module does not import, another package's error, by its name alone. */
function linkByName(project: ProjectReflection): void {
  for (const { comment } of Object.values(project.reflections))
    for (const part of [comment?.summary ?? [], ...(comment?.blockTags ?? []).map(({ content }) => content)].flat()) {
      if (part.kind !== 'inline-tag' || part.tag !== '@link' || part.target !== undefined) continue;
      const target = exportNamed(project, part.text);
      if (target !== undefined) part.target = target;
    }
}

function exportNamed(project: ProjectReflection, name: string): DeclarationReflection | undefined {
  for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
    const found = module.getChildByName(name);
    if (found instanceof DeclarationReflection && !found.kindOf(ReflectionKind.Reference)) return found;
  }
  return undefined;
}

const entryPoints = app.getEntryPoints()?.map((entryPoint) => {
  const displayName = modules.get(entryPoint.sourceFile.fileName);
  if (displayName === undefined) throw new Error(`Cannot name ${entryPoint.sourceFile.fileName}: nothing exports it`);
  return { ...entryPoint, displayName };
});
if (entryPoints === undefined) throw new Error('Cannot build the site: the packages do not compile');
tell(`Reading ${entryPoints.length} modules and ${pages.length} pages`);
const project = app.converter.convert(entryPoints);
linkByName(project);
tell('Following the links');
app.validate(project);
let written = 0;
app.renderer.on(PageEvent.END, () => {
  if (++written % 200 === 0) tell(`${written} pages written`);
});
tell('Writing the site');
await app.generateOutputs(project);
tell(`${written} pages written`);
const isFaulty = app.logger.hasErrors() || app.logger.hasWarnings();
if (isFaulty) process.exitCode = 1;
console.log(
  `${isFaulty ? 'The site has the faults that are told above' : 'Open it in a browser'}: ${out}site/index.html`,
);
