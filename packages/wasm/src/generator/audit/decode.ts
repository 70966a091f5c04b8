import { type InstructionType, instructionTypes } from './instructions.js';
import { OctetReader } from './octet-reader.js';

/** An instruction where it stands, with what is nested in it. */
export interface Instruction extends InstructionType {
  /** Of its opcode, in octets from the start of the module. */
  readonly offset: number;
  /** Index of a local or function, or how many blocks out a branch leads; several for `br_table`. */
  readonly targets: readonly number[];
  /** What a `block`, `loop` or `if` holds, and the number of values that it leaves. */
  readonly body: readonly Instruction[];
  readonly otherwise: readonly Instruction[];
  readonly arity: number;
}

export interface DecodedFunction {
  readonly params: number;
  readonly results: number;
  /** Parameters and variables. */
  readonly locals: number;
  readonly body: readonly Instruction[];
}

/** A module as its octets say, whatever made them. */
export interface DecodedModule {
  readonly functions: readonly DecodedFunction[];
  /** Indexes of exported functions, by name. */
  readonly exports: ReadonlyMap<string, number>;
}

interface FunctionType {
  readonly params: number;
  readonly results: number;
}

const VALUE_TYPES: ReadonlySet<number> = new Set([0x7f, 0x7e, 0x7b]);

/**
 * Reads a module (WebAssembly core specification §5). Types are left to the engine that validates it.
 * @throws {@link AuditError} for anything that kernels do not need: imports, tables, globals, start functions, and
 * instructions that are not in the table.
 */
export function decodeModule(bytes: Uint8Array): DecodedModule {
  const reader = new OctetReader(bytes);
  for (const octet of [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) reader.expect(octet, 'the header of a module');
  let types: readonly FunctionType[] = [];
  let declared: readonly FunctionType[] = [];
  let functions: readonly DecodedFunction[] = [];
  const exports = new Map<string, number>();
  while (!reader.atEnd()) {
    const at = reader.offset;
    const id = reader.octet();
    const section = reader.part(reader.unsigned());
    switch (id) {
      case 1:
        types = section.vector(readFunctionType);
        break;
      case 3:
        declared = section.vector(() => known(section, types, section.unsigned(), 'type'));
        break;
      case 5:
        section.expect(1, 'one memory');
        if (section.octet() === 1) section.unsigned();
        section.unsigned();
        break;
      case 7:
        section.vector(() => {
          const name = new TextDecoder().decode(section.octets(section.unsigned()));
          const kind = section.octet();
          const index = section.unsigned();
          if (kind === 0) exports.set(name, index);
          else if (kind !== 2 || index !== 0) throw section.fail(`an export of kind ${kind}`);
        });
        break;
      case 10: {
        let index = 0;
        functions = section.vector(() => readFunction(section, known(section, declared, index++, 'function')));
        break;
      }
      case 11:
        section.vector(() => {
          section.expect(0, 'a segment of memory 0');
          section.expect(0x41, 'a constant address');
          section.signed();
          section.expect(0x0b, 'the end of an address');
          section.octets(section.unsigned());
        });
        break;
      default:
        throw reader.fail(`section ${id}`, at);
    }
    section.end();
  }
  if (functions.length !== declared.length)
    throw reader.fail(`${functions.length} bodies of ${declared.length} functions`);
  return { functions, exports };
}

function known<T>(reader: OctetReader, items: readonly T[], index: number, what: string): T {
  const item = items[index];
  if (item === undefined) throw reader.fail(`${what} ${index}, which there is not`);
  return item;
}

function readFunctionType(reader: OctetReader): FunctionType {
  reader.expect(0x60, 'a function type');
  const values = () => reader.vector(readValueType).length;
  return { params: values(), results: values() };
}

function readValueType(reader: OctetReader): number {
  const type = reader.octet();
  if (!VALUE_TYPES.has(type)) throw reader.fail(`value type 0x${type.toString(16)}`);
  return type;
}

function readFunction(section: OctetReader, { params, results }: FunctionType): DecodedFunction {
  const reader = section.part(section.unsigned());
  let locals = params;
  reader.vector(() => {
    locals += reader.unsigned();
    readValueType(reader);
  });
  const { body, last } = readBody(reader);
  if (last !== 'end') throw reader.fail(`a function that closes with ${last}`);
  reader.end();
  return { params, results, locals, body };
}

/** Instructions up to the `end` or `else` that closes them. */
function readBody(reader: OctetReader): { readonly body: readonly Instruction[]; readonly last: string } {
  const body: Instruction[] = [];
  for (;;) {
    const offset = reader.offset;
    const type = readOpcode(reader);
    if (type.name === 'end' || type.name === 'else') return { body, last: type.name };
    body.push(readImmediate(reader, offset, type));
  }
}

function readOpcode(reader: OctetReader): InstructionType {
  const offset = reader.offset;
  const first = reader.octet();
  const prefixed = instructionTypes.get(first);
  const opcode = prefixed === undefined ? first : reader.unsigned();
  const type = (prefixed ?? instructionTypes.get(undefined))?.get(opcode);
  if (type === undefined) {
    const prefix = prefixed === undefined ? '' : `0x${first.toString(16)} `;
    throw reader.fail(`opcode ${prefix}0x${opcode.toString(16)}, which is not in the table`, offset);
  }
  return type;
}

function readImmediate(reader: OctetReader, offset: number, type: InstructionType): Instruction {
  const instruction = { ...type, offset, targets: [], body: [], otherwise: [], arity: 0 };
  switch (type.immediate) {
    case 'none':
      return instruction;
    case 'local':
    case 'function':
    case 'label':
      return { ...instruction, targets: [reader.unsigned()] };
    case 'labels':
      return { ...instruction, targets: [...reader.vector(() => reader.unsigned()), reader.unsigned()] };
    case 'block': {
      const arity = readBlockArity(reader);
      const { body, last } = readBody(reader);
      if (last === 'end') return { ...instruction, arity, body };
      if (type.name !== 'if') throw reader.fail(`else in a ${type.name}`);
      const { body: otherwise, last: end } = readBody(reader);
      if (end !== 'end') throw reader.fail('a second else');
      return { ...instruction, arity, body, otherwise };
    }
    case 'signed':
      reader.signed();
      return instruction;
    case 'memory':
    case 'memory lane':
      reader.unsigned();
      reader.unsigned();
      if (type.immediate === 'memory lane') reader.octet();
      return instruction;
    case 'lane':
      reader.octet();
      return instruction;
    case 'sixteen octets':
      reader.octets(16);
      return instruction;
    case 'zero':
    case 'two zeros':
      reader.expect(0, 'memory 0');
      if (type.immediate === 'two zeros') reader.expect(0, 'memory 0');
      return instruction;
  }
}

function readBlockArity(reader: OctetReader): number {
  if (reader.peek() !== 0x40) {
    readValueType(reader);
    return 1;
  }
  reader.octet();
  return 0;
}
