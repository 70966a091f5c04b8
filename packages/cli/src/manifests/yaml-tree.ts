import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Findings, Place } from './findings.js';

/** A text and the name by which messages call it. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A YAML value that knows where it stands. Aliases are followed and merge keys merged. */
export type YamlNode = YamlMap | YamlList | YamlScalar;
export interface YamlMap {
  readonly kind: 'map';
  readonly place: Place;
  /** A Map, so that a key such as `__proto__` is a key like any other. */
  readonly entries: ReadonlyMap<string, YamlEntry>;
}
export interface YamlEntry {
  readonly keyPlace: Place;
  readonly value: YamlNode;
}
export interface YamlList {
  readonly kind: 'list';
  readonly place: Place;
  readonly items: readonly YamlNode[];
}
export interface YamlScalar {
  readonly kind: 'scalar';
  readonly place: Place;
  readonly value: string | number | boolean | null;
}

/** One document of a file: the library's, which keeps comments, and the tree that is read. */
export interface YamlDocument {
  readonly document: Document.Parsed;
  /** `undefined` for an empty document. */
  readonly tree: YamlNode | undefined;
}

/** A ClusterTrustBundle may hold 1 MiB of PEM; four of them are more than any manifest needs. */
const MAX_FILE_LENGTH = 4 * 1024 * 1024;
/** Nodes of one document after aliases are followed, so that a small file cannot unfold into a large one. */
const MAX_NODES = 200_000;
/** Collections open at one time. */
const MAX_DEPTH = 100;

/**
 * Reads all documents of a file.
 * @param findings - Takes syntax errors, duplicate keys, files past 4 MiB, aliases that unfold past 200 000 nodes.
 * @returns Only documents without such an error.
 */
export function parseYaml({ path: file, text }: SourceFile, findings: Findings): readonly YamlDocument[] {
  const start: Place = { file, line: 1, column: 1 };
  if (text.length > MAX_FILE_LENGTH) {
    const state = `${text.length} characters, at most ${MAX_FILE_LENGTH} are read`;
    findings.error('ERR_CLI_FILE_TOO_LARGE', start, '', state);
    return [];
  }
  const lineCounter = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const documents = composeDocuments(text, lineCounter, placeAt, findings);
  return documents.flatMap((document) => {
    const problems = [...document.errors, ...document.warnings];
    // The first syntax error brings a train of others.
    for (const { pos, message } of problems.slice(0, 5))
      findings.error('ERR_CLI_YAML', placeAt(pos[0]), '', (message.split('\n')[0] ?? '').slice(0, 200));
    if (problems.length > 0) return [];
    const builder = new TreeBuilder(placeAt, findings);
    const tree = document.contents === null ? undefined : builder.build(document.contents)?.node;
    const isEmpty = tree?.kind === 'scalar' && tree.value === null;
    return builder.faultless ? [{ document, tree: isEmpty ? undefined : tree }] : [];
  });
}

/** Keys are compared by TreeBuilder: the library's own check takes quadratic time. */
const OPTIONS = { prettyErrors: false, uniqueKeys: false, stringKeys: true, logLevel: 'error' } as const;

function composeDocuments(
  text: string,
  lineCounter: LineCounter,
  placeAt: (offset: number) => Place,
  findings: Findings,
): readonly Document.Parsed[] {
  const parser = new Parser(lineCounter.addNewLine);
  lineCounter.addNewLine(0);
  const tokens: CST.Token[] = [];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // The composer recurses, and a stack that it exhausts can end the process.
    if (parser.stack.length > MAX_DEPTH) {
      findings.error('ERR_CLI_YAML', placeAt(parser.offset), '', `nested more than ${MAX_DEPTH} levels deep`);
      return [];
    }
  }
  tokens.push(...parser.end());
  return [...new Composer(OPTIONS).compose(tokens)];
}

/** A node and how many nodes it unfolds into. */
interface Built {
  readonly node: YamlNode;
  readonly size: number;
}

class TreeBuilder {
  faultless = true;
  readonly #anchors = new Map<string, Built>();
  readonly #placeAt: (offset: number) => Place;
  readonly #findings: Findings;

  constructor(placeAt: (offset: number) => Place, findings: Findings) {
    this.#placeAt = placeAt;
    this.#findings = findings;
  }

  build(node: Node): Built | undefined {
    const place = this.#placeOf(node);
    if (isAlias(node)) return this.#alias(node, place);
    const built = isMap(node)
      ? this.#map(node, place)
      : isSeq(node)
        ? this.#list(node, place)
        : isScalar(node)
          ? { node: { kind: 'scalar' as const, place, value: scalarValue(node) }, size: 1 }
          : this.#fault(place, 'neither mapping, list nor scalar');
    if (built === undefined) return undefined;
    if (built.size > MAX_NODES) return this.#fault(place, `unfolds into more than ${MAX_NODES} values`);
    // Known only once complete: an alias inside its own anchor finds nothing and cannot make a cycle.
    if (!isAlias(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, built);
    return built;
  }

  #alias({ source }: Alias, place: Place): Built | undefined {
    return this.#anchors.get(source) ?? this.#fault(place, `alias *${source} names no complete value before it`);
  }

  #map(map: YAMLMap, place: Place): Built | undefined {
    const entries = new Map<string, YamlEntry>();
    const merged: YamlMap[] = [];
    let size = 1;
    for (const { key, value } of map.items) {
      // stringKeys makes every key of a faultless document a scalar.
      if (!isScalar(key)) return this.#fault(place, 'a key that is no scalar');
      const name = String(key.value ?? '');
      const keyPlace = this.#placeOf(key);
      const built: Built | undefined = isNode(value)
        ? this.build(value)
        : { node: { kind: 'scalar', place: keyPlace, value: null }, size: 1 };
      if (built === undefined) return undefined;
      size += built.size;
      if (name === '<<' && key.type === Scalar.PLAIN) {
        const sources = built.node.kind === 'list' ? built.node.items : [built.node];
        for (const source of sources) {
          if (source.kind !== 'map') return this.#fault(keyPlace, 'the merge key << takes a mapping or a list of them');
          merged.push(source);
        }
      } else if (entries.has(name)) {
        this.faultless = false;
        const first = entries.get(name)!.keyPlace;
        const message = `${JSON.stringify(name.slice(0, 80))} appears twice in one mapping, first at line ${first.line}`;
        this.#findings.error('ERR_CLI_DUPLICATE', keyPlace, '', message);
      } else entries.set(name, { keyPlace, value: built.node });
    }
    // A merged entry never replaces one that is written out, nor one merged before it.
    for (const source of merged)
      for (const [name, entry] of source.entries) if (!entries.has(name)) entries.set(name, entry);
    return { node: { kind: 'map', place, entries }, size };
  }

  #list(list: YAMLSeq, place: Place): Built | undefined {
    const items: YamlNode[] = [];
    let size = 1;
    for (const item of list.items) {
      const built: Built | undefined = isNode(item)
        ? this.build(item)
        : { node: { kind: 'scalar', place, value: null }, size: 1 };
      if (built === undefined) return undefined;
      size += built.size;
      items.push(built.node);
    }
    return { node: { kind: 'list', place, items }, size };
  }

  #placeOf(node: Node): Place {
    return this.#placeAt(node.range?.[0] ?? 0);
  }

  #fault(place: Place, state: string): undefined {
    this.faultless = false;
    this.#findings.error('ERR_CLI_YAML', place, '', state);
  }
}

const isNode = (value: unknown): value is Node => isMap(value) || isSeq(value) || isScalar(value) || isAlias(value);

function scalarValue({ value, type, source }: Scalar): string | number | boolean | null {
  // Kubernetes reads YAML 1.1, where 0644 is octal; the library's YAML 1.2 core schema would read 644.
  if (typeof value === 'number' && type === Scalar.PLAIN && /^0[0-7]+$/.test(source ?? '')) return parseInt(source!, 8);
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : String(value);
}
