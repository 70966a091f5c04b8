import { type Effect, type Expression, type I32, i32, type Local, type ValueType } from './expression.js';
import { type Code, unsignedLeb } from './leb.js';

/** What can be called: a function of the module that is being built. */
export interface FunctionReference {
  readonly name: string;
  readonly index: number;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Collects the body of one function, statement by statement. */
export class FunctionBuilder {
  readonly #params: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  readonly #body: Code[] = [];
  /** Variables of scopes that have ended. */
  #free: Local[] = [];
  /** Variables of the scope that is open. */
  #scope: Local[] | undefined;

  constructor(params: readonly ValueType[]) {
    this.#params = params;
  }

  /** Types of the locals behind the parameters. */
  get locals(): readonly ValueType[] {
    return this.#locals;
  }

  get body(): Code {
    return this.#body;
  }

  param(index: number): Local {
    return localOf(this.#params[index]!, index);
  }

  /** A new variable: zero until it is set, but for one of a {@link scope}. */
  local<T extends ValueType>(type: T): Local<T> {
    const local = this.#reused(type) ?? this.#declared(type);
    this.#scope?.push(local);
    return local;
  }

  /**
   * Variables made in the body are nobody's after it, and those of the next scope. Steps that keep what they need in the same
   * variables are the same octets, which compress; no optimizing compiler sees the difference.
   */
  scope(body: () => void): void {
    const outer = this.#scope;
    this.#scope = [];
    body();
    this.#free = [...this.#scope, ...this.#free];
    this.#scope = outer;
  }

  #declared<T extends ValueType>(type: T): Local<T> {
    this.#locals.push(type);
    return localOf(type, this.#params.length + this.#locals.length - 1);
  }

  #reused<T extends ValueType>(type: T): Local<T> | undefined {
    const at = this.#scope === undefined ? -1 : this.#free.findIndex((local) => local.type === type);
    return at < 0 ? undefined : (this.#free.splice(at, 1)[0] as Local<T>); // of that type
  }

  /** A new variable with a value. Evaluates once what would otherwise be evaluated at each use. */
  let<T extends ValueType>(value: Expression<T>): Local<T> {
    const local = this.local(value.type);
    this.set(local, value);
    return local;
  }

  set<T extends ValueType>(local: Local<T>, value: Expression<T>): void {
    this.#body.push(value.code, 0x21, unsignedLeb(local.index));
  }

  do(...effects: readonly Effect[]): void {
    for (const { effect } of effects) this.#body.push(effect);
  }

  /** Leaves a value on the stack as the function's result; the last statement. */
  result(value: Expression): void {
    this.#body.push(value.code);
  }

  /** Calls a function that returns nothing. */
  run(callee: FunctionReference, ...operands: readonly Expression[]): void {
    if (callee.results.length > 0) throw new TypeError(`Cannot run ${callee.name}: it returns a value`);
    this.#body.push(callCode(callee, operands));
  }

  /** Calls a function that returns one value. */
  call(callee: FunctionReference, ...operands: readonly Expression[]): Expression {
    const [type] = callee.results;
    if (type === undefined || callee.results.length > 1)
      throw new TypeError(`Cannot call ${callee.name}: it returns ${callee.results.length} values`);
    return { type, code: callCode(callee, operands) };
  }

  /** Runs `body` again while it ends with a condition that is not zero. */
  repeatWhile(body: () => I32): void {
    this.#body.push(0x03, 0x40);
    const condition = body();
    this.#body.push(condition.code, 0x0d, 0, 0x0b);
  }

  if(condition: I32, then: () => void, otherwise?: () => void): void {
    this.#body.push(condition.code, 0x04, 0x40);
    then();
    if (otherwise !== undefined) {
      this.#body.push(0x05);
      otherwise();
    }
    this.#body.push(0x0b);
  }

  /** `counter` from `from` in steps of `step` while it is below `to`, signed; runs at least once. */
  forUp(counter: Local<'i32'>, from: I32, to: I32, step: number, body: (counter: Local<'i32'>) => void): void {
    this.set(counter, from);
    this.repeatWhile(() => {
      body(counter);
      this.set(counter, i32.add(counter, i32.const(step)));
      return i32.ltS(counter, to);
    });
  }

  /** `counter` from `from` down in steps of `step` while it is at least `to`, signed; runs at least once. */
  forDown(counter: Local<'i32'>, from: I32, to: I32, step: number, body: () => void): void {
    this.set(counter, from);
    this.repeatWhile(() => {
      body();
      this.set(counter, i32.sub(counter, i32.const(step)));
      return i32.geS(counter, to);
    });
  }
}

const localOf = <T extends ValueType>(type: T, index: number): Local<T> => ({
  type,
  index,
  code: [0x20, unsignedLeb(index)],
});

function callCode({ name, index, params }: FunctionReference, operands: readonly Expression[]): Code {
  const given = operands.map((operand) => operand.type);
  if (given.join() !== params.join()) throw new TypeError(`Cannot call ${name} (${params}) with (${given})`);
  return [operands.map((operand) => operand.code), 0x10, unsignedLeb(index)];
}
