import ts from 'typescript';
import { lineOf, type Module, resolveRelative, withoutExtension } from './modules.js';
import { type Layer, testsOnly, type Where } from './table.js';

/** A package.json, as far as the rules look. */
export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly sideEffects?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const SCOPE = '@mayfly/';
const NODE_GLOBALS: ReadonlySet<string> = new Set([
  'Buffer',
  'process',
  'global',
  'setImmediate',
  '__dirname',
  '__filename',
]);

/** Imports that the package map does not allow, one line of text each. */
export function forbiddenImports(module: Module, layers: Readonly<Record<string, Layer>>): readonly string[] {
  const layer = layers[module.package];
  if (layer === undefined) return [`packages/${module.package} is not in the package map`];
  return module.imports.flatMap(({ specifier, line }) => {
    const room = roomOf(specifier);
    if (room === undefined || room === module.package || (module.isTest && testsOnly.has(room))) return [];
    const where = layer[room];
    if (where === undefined) return [`${at(module, line)} imports ${specifier}: ${module.package} may not use ${room}`];
    return module.isTest || isIn(module.path, where)
      ? []
      : [`${at(module, line)} imports ${specifier}: ${module.package} may use ${room} only in ${list(where)}`];
  });
}

/** Names that only Node defines, outside the modules that may use Node. */
export function forbiddenGlobals(module: Module, layers: Readonly<Record<string, Layer>>): readonly string[] {
  const where = layers[module.package]?.['node:'] ?? [];
  if (module.isTest || isIn(module.path, where)) return [];
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && NODE_GLOBALS.has(node.text) && isReference(node))
      found.push(`${at(module, lineOf(module.source, node))} uses ${node.text}, which only Node defines`);
    ts.forEachChild(node, visit);
  };
  visit(module.source);
  return found;
}

/**
 * Ways into another package that its `exports` do not open, and relative paths that leave `src`. Tests may use what their
 * package keeps for them beside `src`.
 */
export function importsOfInternals(module: Module, manifests: ReadonlyMap<string, Manifest>): readonly string[] {
  return module.imports.flatMap(({ specifier, line }) => {
    if (resolveRelative(module.path, specifier)?.startsWith(module.isTest ? '../..' : '..'))
      return [`${at(module, line)} imports ${specifier}: outside its package`];
    if (!specifier.startsWith(SCOPE)) return [];
    const [, name = '', subpath = ''] = /^@mayfly\/([^/]+)(.*)$/.exec(specifier) ?? [];
    if (name === module.package) return [`${at(module, line)} imports ${specifier}: its own package, by name`];
    const open = manifests.get(name)?.exports ?? {};
    return `.${subpath}` in open ? [] : [`${at(module, line)} imports ${specifier}: not among the exports of ${name}`];
  });
}

/** Imports that package.json does not declare. Tests may use devDependencies of the whole repository. */
export function undeclaredImports(module: Module, manifest: Manifest): readonly string[] {
  if (module.isTest) return [];
  return module.imports.flatMap(({ specifier, line }) => {
    const room = roomOf(specifier);
    if (room === undefined || room === 'node:' || room === module.package) return [];
    const name = specifier.startsWith(SCOPE) ? SCOPE + room : room;
    return name in (manifest.dependencies ?? {})
      ? []
      : [`${at(module, line)} imports ${specifier}: not in dependencies`];
  });
}

/** Dependencies in package.json that the package map does not allow. */
export function forbiddenDependencies(
  name: string,
  manifest: Manifest,
  layers: Readonly<Record<string, Layer>>,
): readonly string[] {
  return Object.keys(manifest.dependencies ?? {})
    .map((dependency) => roomOf(dependency)!)
    .filter((room) => layers[name]?.[room] === undefined)
    .map((room) => `packages/${name}/package.json depends on ${room}: ${name} may not use ${room}`);
}

/** Circles of modules that import each other, each as the paths along it. Relative imports only: the map has no circle. */
export function importCycles(modules: readonly Module[]): readonly string[] {
  const byPath = new Map(modules.map((module) => [`${module.package}/${withoutExtension(module.path)}`, module]));
  const finished = new Set<string>();
  const cycles: string[] = [];
  const walk = (key: string, trail: readonly string[]): void => {
    const start = trail.indexOf(key);
    if (start !== -1) {
      cycles.push([...trail.slice(start), key].join(' -> '));
      return;
    }
    const module = byPath.get(key);
    if (module === undefined || finished.has(key)) return;
    for (const { specifier } of module.imports) {
      const target = resolveRelative(module.path, specifier);
      if (target !== undefined) walk(`${module.package}/${target}`, [...trail, key]);
    }
    finished.add(key);
  };
  for (const key of byPath.keys()) walk(key, []);
  return cycles;
}

/** Packages that the map lets import something listed after themselves, or themselves. */
export function upwardLayers(layers: Readonly<Record<string, Layer>>): readonly string[] {
  const order = Object.keys(layers);
  return order.flatMap((name, position) =>
    Object.keys(layers[name]!)
      .filter((room) => order.indexOf(room) >= position)
      .map((room) => `${name} may import ${room}, which is not below it`),
  );
}

/** The key of the package map: a short name, `node:` or a third party's name; undefined for a relative path. */
function roomOf(specifier: string): string | undefined {
  if (specifier.startsWith('.')) return undefined;
  if (specifier.startsWith('node:')) return 'node:';
  if (specifier.startsWith(SCOPE)) return specifier.slice(SCOPE.length).split('/')[0];
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function isIn(path: string, where: Where): boolean {
  return (
    where === 'everywhere' || where.some((place) => withoutExtension(path) === place || path.startsWith(`${place}/`))
  );
}

/** Whether the identifier stands for a value: not a member's name, a key, or a type. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return getLeft(parent) === node;
  if (ts.isPropertyAssignment(parent) || ts.isTypeElement(parent) || ts.isClassElement(parent))
    return parent.name !== node;
  if (ts.isTypeReferenceNode(parent)) return false;
  return true;
}

function getLeft(node: ts.PropertyAccessExpression | ts.QualifiedName): ts.Node {
  return ts.isQualifiedName(node) ? node.left : node.expression;
}

function at(module: Module, line: number): string {
  return `packages/${module.package}/src/${module.path}:${line}`;
}

function list(where: Where): string {
  return where === 'everywhere' ? where : where.join(', ');
}
