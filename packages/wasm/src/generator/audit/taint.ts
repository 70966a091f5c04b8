import { type DecodedFunction, type DecodedModule, decodeModule, type Instruction } from './decode.js';
import { AuditError } from './octet-reader.js';

/** A place where the time that a kernel takes, or what it touches, could depend on a secret. */
export interface Finding {
  readonly function: string;
  /** Octets from the start of the module. */
  readonly offset: number;
  readonly instruction: string;
  readonly leak: 'address' | 'branch' | 'bulk' | 'division' | 'result' | 'select' | 'shift';
  /** Where the secret comes from, the last step of its way. */
  readonly secret: string;
}

/** What a module is audited with. */
export interface AuditOptions {
  /** Names of the functions by index, those that are not exported too. */
  readonly functionNames: readonly string[];
  /** Exports that read nothing but public data. */
  readonly publicExports?: readonly string[] | 'all';
}

export interface AuditReport {
  readonly findings: readonly Finding[];
  /** How often each function calls `declassify`: what is made public on purpose. */
  readonly declassified: ReadonlyMap<string, number>;
  /** Functions that no export leads to: nothing is known of them. */
  readonly unreached: readonly string[];
}

/** The function whose argument is public once it returns it. */
const DECLASSIFY = 'declassify';

/** Where a secret comes from; `undefined` is public. */
type Taint = string | undefined;

interface State {
  readonly stack: Taint[];
  readonly locals: Taint[];
}

/** A block that can be branched to. */
interface Label {
  /** Height of the stack below the values that it leaves. */
  readonly height: number;
  readonly arity: number;
  /** What all branches to it bring. */
  state: State | undefined;
}

/**
 * Follows secrets through the instructions of a module. Arguments of exports are public: addresses, counts, flags. So are
 * their results, for JavaScript will branch on them.
 * Whatever is read from memory is secret, unless the export is declared to read public data alone; so is all that is
 * computed with a secret. Every function is followed for each combination of public and secret arguments that it is called
 * with.
 * @throws {@link AuditError} when the module cannot be read, or calls itself in a circle.
 */
export function audit(bytes: Uint8Array, { functionNames, publicExports = [] }: AuditOptions): AuditReport {
  const module = decodeModule(bytes);
  const analysis = new Analysis(module, functionNames);
  const names = publicExports === 'all' ? [...module.exports.keys()] : publicExports;
  for (const name of names) if (!module.exports.has(name)) throw new AuditError(0, `no export ${name} to be public`);
  for (const [name, index] of module.exports) analysis.followExport(index, names.includes(name));
  return {
    findings: analysis.findings,
    declassified: declassifications(module, functionNames),
    unreached: analysis.unreached,
  };
}

/** How often each function calls `declassify`. */
function declassifications({ functions }: DecodedModule, names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [index, { body }] of functions.entries())
    for (const { name, targets } of allOf(body))
      if (name === 'call' && names[targets[0]!] === DECLASSIFY)
        counts.set(names[index]!, (counts.get(names[index]!) ?? 0) + 1);
  return counts;
}

function* allOf(instructions: readonly Instruction[]): Generator<Instruction> {
  for (const instruction of instructions) {
    yield instruction;
    yield* allOf(instruction.body);
    yield* allOf(instruction.otherwise);
  }
}

class Analysis {
  readonly #module: DecodedModule;
  readonly #names: readonly string[];
  readonly #findings = new Map<string, Finding>();
  readonly #reached = new Set<number>();
  /** Results of a function by what it was called with; `running` while it is being followed. */
  readonly #results = new Map<string, readonly Taint[] | 'running'>();

  constructor(module: DecodedModule, names: readonly string[]) {
    this.#module = module;
    this.#names = names;
    for (const [index, { body }] of module.functions.entries())
      for (const instruction of allOf(body))
        if (instruction.kind === 'divide') this.#report(index, instruction, 'division', 'it takes a time of its own');
  }

  get findings(): readonly Finding[] {
    return [...this.#findings.values()].sort((a, b) => a.offset - b.offset);
  }

  get unreached(): readonly string[] {
    return this.#names.filter((_, index) => !this.#reached.has(index));
  }

  followExport(index: number, isPublic: boolean): void {
    const { params, body } = this.#function(index, 0);
    const results = this.#call(index, Array<Taint>(params).fill(undefined), !isPublic, 0);
    const last = body.at(-1);
    for (const taint of results)
      if (taint !== undefined && last !== undefined) this.#report(index, last, 'result', taint);
  }

  #function(index: number, offset: number): DecodedFunction {
    const found = this.#module.functions[index];
    if (found === undefined) throw new AuditError(offset, `a call of function ${index}, which there is not`);
    return found;
  }

  /** What a function returns, given what it is called with. */
  #call(index: number, params: readonly Taint[], secretMemory: boolean, offset: number): readonly Taint[] {
    const key = [index, secretMemory, ...params.map((taint) => taint !== undefined)].join();
    const known = this.#results.get(key);
    if (known === 'running') throw new AuditError(offset, `a recursive call of ${this.#names[index]}`);
    if (known !== undefined) return known;
    this.#results.set(key, 'running');
    this.#reached.add(index);
    const { locals, body, results } = this.#function(index, offset);
    const walk = new Walk({
      secretMemory,
      call: (instruction, taken) => this.#callFrom(instruction, taken, secretMemory),
      report: (instruction, leak, secret) => this.#report(index, instruction, leak, secret),
    });
    const found = walk.run(body, [...params, ...Array<Taint>(locals - params.length).fill(undefined)], results);
    this.#results.set(key, found);
    return found;
  }

  #callFrom({ targets, offset }: Instruction, stack: Taint[], secretMemory: boolean): void {
    const index = targets[0]!;
    const { params } = this.#function(index, offset);
    const operands = take(stack, params, offset);
    const name = this.#names[index]!;
    const returned = this.#call(
      index,
      operands.map((taint, i) => taint && `parameter ${i} of ${name}`),
      secretMemory,
      offset,
    );
    stack.push(...returned.map((taint) => (name === DECLASSIFY ? undefined : taint && `the result of ${name}`)));
  }

  #report(index: number, { name, offset }: Instruction, leak: Finding['leak'], secret: string): void {
    const key = `${offset} ${leak}`;
    if (!this.#findings.has(key))
      this.#findings.set(key, { function: this.#names[index]!, offset, instruction: name, leak, secret });
  }
}

/** What following the instructions of one function needs from around it. */
interface Surroundings {
  readonly secretMemory: boolean;
  /** Takes the operands of a call from the stack and puts its results there. */
  readonly call: (instruction: Instruction, stack: Taint[]) => void;
  readonly report: (instruction: Instruction, leak: Finding['leak'], secret: string) => void;
}

/** Runs the instructions of a function over what is known of its values, every way that control can take. */
class Walk {
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  run(body: readonly Instruction[], locals: Taint[], results: number): readonly Taint[] {
    const whole: Label = { height: 0, arity: results, state: undefined };
    const end = this.#block(body, { stack: [], locals }, whole, []);
    // A function that never returns has no results that anybody could use.
    return end === undefined ? Array<Taint>(results).fill(undefined) : end.stack;
  }

  /** @returns The state behind the block, or nothing when no way leads there. */
  #block(body: readonly Instruction[], state: State, label: Label, outer: readonly Label[]): State | undefined {
    const through = this.#sequence(body, state, [...outer, label]);
    if (through !== undefined) branchTo(label, through, body.at(-1)?.offset ?? 0);
    return label.state;
  }

  /** Follows a loop until its start sees nothing new. */
  #loop({ body, arity }: Instruction, state: State, outer: readonly Label[]): State | undefined {
    let start = state;
    for (;;) {
      const again: Label = { height: state.stack.length, arity: 0, state: undefined };
      const exit: Label = { height: state.stack.length, arity, state: undefined };
      const through = this.#sequence(body, copyOf(start), [...outer, again]);
      if (through !== undefined) branchTo(exit, through, body.at(-1)?.offset ?? 0);
      if (again.state === undefined) return exit.state;
      const joined = join(start, again.state);
      if (sameSecrets(joined, start)) return exit.state;
      start = joined;
    }
  }

  /** @returns The state behind the last instruction, or nothing when control never gets there. */
  #sequence(body: readonly Instruction[], state: State, labels: readonly Label[]): State | undefined {
    let current: State | undefined = state;
    for (const instruction of body) {
      current = this.#step(instruction, current, labels);
      if (current === undefined) return undefined;
    }
    return current;
  }

  #step(instruction: Instruction, state: State, labels: readonly Label[]): State | undefined {
    const { kind, operands, results, offset } = instruction;
    const { stack } = state;
    switch (kind) {
      case 'control':
        return this.#control(instruction, state, labels);
      case 'local':
        moveLocal(instruction, state);
        return state;
      default: {
        const taken = take(stack, operands, offset);
        this.#check(instruction, taken);
        const secret = taken.find((taint) => taint !== undefined);
        const loaded = kind === 'load' && this.#around.secretMemory ? `${instruction.name} at ${offset}` : undefined;
        for (let i = 0; i < results; i++) stack.push(loaded ?? secret);
        return state;
      }
    }
  }

  /** Reports operands that are secret and must not be. */
  #check(instruction: Instruction, taken: readonly Taint[]): void {
    const watched = watchedOperands(instruction, taken);
    if (watched === undefined) return;
    for (const taint of watched.operands)
      if (taint !== undefined) this.#around.report(instruction, watched.leak, taint);
  }

  #condition(instruction: Instruction, stack: Taint[]): void {
    const [condition] = take(stack, 1, instruction.offset);
    if (condition !== undefined) this.#around.report(instruction, 'branch', condition);
  }

  #control(instruction: Instruction, state: State, labels: readonly Label[]): State | undefined {
    const { name, body, otherwise, arity, offset, targets } = instruction;
    const { stack } = state;
    const labelOf = (depth: number): Label => {
      const label = labels[labels.length - 1 - depth];
      if (label === undefined) throw new AuditError(offset, `a branch out of ${depth} blocks`);
      return label;
    };
    switch (name) {
      case 'nop':
        return state;
      case 'drop':
        take(stack, 1, offset);
        return state;
      case 'unreachable':
        return undefined;
      case 'block':
        return this.#block(body, state, { height: stack.length, arity, state: undefined }, labels);
      case 'loop':
        return this.#loop(instruction, state, labels);
      case 'if': {
        this.#condition(instruction, stack);
        const label: Label = { height: stack.length, arity, state: undefined };
        this.#block(otherwise, copyOf(state), label, labels);
        return this.#block(body, state, label, labels);
      }
      case 'br':
        branchTo(labelOf(targets[0]!), state, offset);
        return undefined;
      case 'br_if':
        this.#condition(instruction, stack);
        branchTo(labelOf(targets[0]!), copyOf(state), offset);
        return state;
      case 'br_table':
        this.#condition(instruction, stack);
        for (const depth of targets) branchTo(labelOf(depth), copyOf(state), offset);
        return undefined;
      case 'return':
        branchTo(labelOf(labels.length - 1), state, offset);
        return undefined;
      case 'call':
        this.#around.call(instruction, stack);
        return state;
      default:
        throw new AuditError(offset, `${name}, which the analysis does not know`);
    }
  }
}

/** Operands that have to be public. */
function watchedOperands(
  { kind }: Instruction,
  taken: readonly Taint[],
): { readonly leak: Finding['leak']; readonly operands: readonly Taint[] } | undefined {
  switch (kind) {
    case 'load':
    case 'store':
      return { leak: 'address', operands: taken.slice(0, 1) };
    case 'bulk':
      return { leak: 'bulk', operands: taken };
    case 'shift':
    case 'select':
      return { leak: kind, operands: taken.slice(-1) };
    default:
      return undefined;
  }
}

function moveLocal({ name, targets, offset }: Instruction, { stack, locals }: State): void {
  const index = targets[0]!;
  if (index >= locals.length) throw new AuditError(offset, `local ${index} of ${locals.length}`);
  if (name !== 'local.get') [locals[index]] = take(stack, 1, offset);
  if (name !== 'local.set') stack.push(locals[index]);
}

function take(stack: Taint[], count: number, offset: number): Taint[] {
  if (count > stack.length) throw new AuditError(offset, `${stack.length} values on the stack instead of ${count}`);
  return stack.splice(stack.length - count, count);
}

/** Brings a state to a label: the values that the block leaves stay, what it had beneath them goes. */
function branchTo(label: Label, { stack, locals }: State, offset: number): void {
  const kept = take([...stack], label.arity, offset);
  const state = { stack: [...stack.slice(0, label.height), ...kept], locals: [...locals] };
  label.state = label.state === undefined ? state : join(label.state, state);
}

const copyOf = ({ stack, locals }: State): State => ({ stack: [...stack], locals: [...locals] });

/** Secret is what is secret on either way. */
const join = (a: State, b: State): State => ({
  stack: a.stack.map((taint, i) => taint ?? b.stack[i]),
  locals: a.locals.map((taint, i) => taint ?? b.locals[i]),
});

const sameSecrets = (a: State, b: State): boolean => secretsOf(a) === secretsOf(b);

const secretsOf = ({ stack, locals }: State): string =>
  [...stack, ...locals].map((taint) => (taint === undefined ? '-' : 's')).join('');
