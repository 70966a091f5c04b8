import { type Findings, type ManifestErrorCode, type Place, quoted } from './findings.js';
import { nearestName } from './spelling.js';
import type { YamlMap, YamlNode } from './yaml-tree.js';

/** An error names at most so many fields that would be right. */
const NAMED_FIELDS = 12;

/** A value with the place and the path by which errors call it. */
export interface Placed<T> {
  readonly value: T;
  readonly place: Place;
  readonly path: string;
}

/**
 * Reads the fields of one mapping by name and remembers which were asked for, so that what is left over can be told.
 * A field of the wrong type is reported and read as absent; `null` is absent, as in Kubernetes.
 */
export class FieldReader {
  readonly place: Place;
  readonly path: string;
  readonly findings: Findings;
  readonly #map: YamlMap;
  readonly #asked = new Set<string>();

  constructor(map: YamlMap, path: string, findings: Findings) {
    this.place = map.place;
    this.path = path;
    this.findings = findings;
    this.#map = map;
  }

  /** Whether the field is written and not null. */
  has(name: string): boolean {
    return this.#node(name) !== undefined;
  }

  pathOf(name: string): string {
    return joinPath(this.path, name);
  }

  /** Where the value of a field stands, or the mapping when there is none. */
  placeOf(name: string): Place {
    return this.#map.entries.get(name)?.value.place ?? this.place;
  }

  /** Reports something about the value of a field. */
  error(code: ManifestErrorCode, name: string, message: string): void {
    this.findings.error(code, this.placeOf(name), this.pathOf(name), message);
  }

  string(name: string): string | undefined {
    return this.#scalar(name, 'a string', (value) => typeof value === 'string');
  }

  /** The string, or the empty string after an error: a file with an error is never served. */
  requiredString(name: string): string {
    if (!this.has(name)) this.missing(name);
    const value = this.string(name);
    if (value === '') this.missing(name);
    return value ?? '';
  }

  missing(name: string): void {
    this.findings.error('ERR_CLI_MISSING_FIELD', this.placeOf(name), this.pathOf(name), 'required');
  }

  integer(name: string): number | undefined {
    return this.#scalar(name, 'a whole number', (value) => typeof value === 'number' && Number.isSafeInteger(value));
  }

  boolean(name: string): boolean | undefined {
    return this.#scalar(name, 'true or false', (value) => typeof value === 'boolean');
  }

  object(name: string): FieldReader | undefined {
    const node = this.#node(name);
    if (node === undefined) return undefined;
    if (node.kind === 'map') return new FieldReader(node, this.pathOf(name), this.findings);
    this.#wrongType(node, this.pathOf(name), 'a mapping');
    return undefined;
  }

  /** The mappings of a list; empty when the field is absent. */
  objects(name: string): readonly FieldReader[] {
    return this.items(name).flatMap(({ value, path }) => {
      if (value.kind === 'map') return [new FieldReader(value, path, this.findings)];
      this.#wrongType(value, path, 'a mapping');
      return [];
    });
  }

  /** The strings of a list; empty when the field is absent. */
  strings(name: string): readonly Placed<string>[] {
    return this.items(name).flatMap(({ value: node, path, place }) => {
      if (node.kind === 'scalar' && typeof node.value === 'string') return [{ value: node.value, place, path }];
      this.#wrongType(node, path, 'a string');
      return [];
    });
  }

  /** A mapping of strings to strings; empty when the field is absent. */
  stringMap(name: string): ReadonlyMap<string, Placed<string>> {
    const node = this.#node(name);
    const strings = new Map<string, Placed<string>>();
    if (node === undefined) return strings;
    const path = this.pathOf(name);
    if (node.kind !== 'map') {
      this.#wrongType(node, path, 'a mapping');
      return strings;
    }
    for (const [key, { value }] of node.entries) {
      const valuePath = joinPath(path, key);
      if (value.kind === 'scalar' && typeof value.value === 'string')
        strings.set(key, { value: value.value, place: value.place, path: valuePath });
      else this.#wrongType(value, valuePath, 'a string');
    }
    return strings;
  }

  /** The items of a list, whatever they are; empty when the field is absent. */
  items(name: string): readonly Placed<YamlNode>[] {
    const node = this.#node(name);
    if (node === undefined) return [];
    if (node.kind !== 'list') {
      this.#wrongType(node, this.pathOf(name), 'a list');
      return [];
    }
    return node.items.map((value, index) => ({ value, place: value.place, path: `${this.pathOf(name)}[${index}]` }));
  }

  /**
   * Reports every field that nobody asked for as unknown, with the name that was probably meant.
   * @param known - Fields that exist and need not be read: those that are written and were not are noted as ignored.
   */
  end(known: readonly string[] = []): void {
    const names = new Set([...this.#asked, ...known]);
    for (const name of this.rest()) {
      if (names.has(name)) this.ignore(name);
      else {
        const message = unknownField(name, names);
        this.findings.error('ERR_CLI_UNKNOWN_FIELD', this.#keyPlace(name), this.pathOf(name), message);
      }
    }
  }

  /** Notes a field that exists and is not read, where it is written. */
  ignore(name: string): void {
    if (!this.has(name)) return;
    const path = this.pathOf(name).replace(/\[\d+\]/g, '[]');
    this.findings.once('IgnoredFields', this.#keyPlace(name), path);
  }

  /** Names of the fields that nobody asked for. */
  rest(): readonly string[] {
    return [...this.#map.entries.keys()].filter((name) => !this.#asked.has(name));
  }

  #keyPlace(name: string): Place {
    return this.#map.entries.get(name)?.keyPlace ?? this.place;
  }

  #node(name: string): YamlNode | undefined {
    this.#asked.add(name);
    const node = this.#map.entries.get(name)?.value;
    return node?.kind === 'scalar' && node.value === null ? undefined : node;
  }

  #scalar<T extends string | number | boolean>(
    name: string,
    expected: string,
    accepts: (value: string | number | boolean | null) => boolean,
  ): T | undefined {
    const node = this.#node(name);
    if (node === undefined) return undefined;
    // `accepts` has looked at the type that T stands for.
    if (node.kind === 'scalar' && accepts(node.value)) return node.value as T;
    this.#wrongType(node, this.pathOf(name), expected);
    return undefined;
  }

  #wrongType(node: YamlNode, path: string, expected: string): void {
    const quote = expected === 'a string' && node.kind === 'scalar' && node.value !== null ? ', put it in quotes' : '';
    this.findings.error('ERR_CLI_TYPE', node.place, path, `expected ${expected}, found ${describe(node)}${quote}`);
  }
}

/** Reads a value that has to be a mapping; reports anything else. */
export function readMapping(node: YamlNode, path: string, findings: Findings): FieldReader | undefined {
  if (node.kind === 'map') return new FieldReader(node, path, findings);
  findings.error('ERR_CLI_TYPE', node.place, path, `expected a mapping, found ${describe(node)}`);
  return undefined;
}

/** Reports every value that was there before. */
export function checkUnique({ findings }: FieldReader, values: readonly Placed<string>[]): void {
  const seen = new Map<string, Placed<string>>();
  for (const entry of values) {
    const first = seen.get(entry.value);
    if (first !== undefined && entry.value !== '')
      findings.error('ERR_CLI_DUPLICATE', entry.place, entry.path, `${quoted(entry.value)} is also at ${first.path}`);
    else seen.set(entry.value, entry);
  }
}

/** The path of a field below another. */
export const joinPath = (path: string, name: string): string =>
  /^[A-Za-z_][\w-]*$/.test(name)
    ? path === ''
      ? name
      : `${path}.${name}`
    : `${path}[${JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name)}]`;

function unknownField(name: string, known: ReadonlySet<string>): string {
  const meant = nearestName(name, known);
  if (meant !== undefined) return `unknown field, did you mean "${meant}"`;
  if (known.size <= NAMED_FIELDS) return `unknown field, known are ${[...known].join(', ')}`;
  return 'unknown field: Kubernetes has none of this name here';
}

const describe = (node: YamlNode): string =>
  node.kind === 'map'
    ? 'a mapping'
    : node.kind === 'list'
      ? 'a list'
      : node.value === null
        ? 'nothing'
        : typeof node.value === 'string'
          ? 'a string'
          : typeof node.value === 'number'
            ? 'a number'
            : 'true or false';
