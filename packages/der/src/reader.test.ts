import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkDer,
  type DerNode,
  type DerReader,
  encode,
  explicit,
  fromHex,
  integer,
  octetString,
  oid,
  read,
  sequence,
  setOf,
  time,
  toHex,
  utf8String,
} from './index.js';

const refusal = (body: () => unknown) => {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('one fault each', () => {
  const as = {
    any: (r: DerReader) => r.element('x'),
    sequence: (r: DerReader) => r.sequence('x').end(),
    boolean: (r: DerReader) => r.boolean('x'),
    integer: (r: DerReader) => r.integer('x'),
    small: (r: DerReader) => r.smallInteger('x'),
    unsigned: (r: DerReader) => r.unsignedInteger('x'),
    bits: (r: DerReader) => r.bitString('x'),
    octetsOfBits: (r: DerReader) => r.bitStringOctets('x'),
    oid: (r: DerReader) => r.oid('x'),
    null: (r: DerReader) => r.null('x'),
    time: (r: DerReader) => r.time('x'),
    string: (r: DerReader) => r.string('x'),
    set: (r: DerReader) => r.setOf('x'),
  };
  test.each<[string, keyof typeof as, string, string, number, string]>([
    ['nothing at all', 'any', '', 'ERR_DER_TRUNCATED', 0, 'input.x'],
    ['identifier alone', 'any', '30', 'ERR_DER_TRUNCATED', 0, 'input.x'],
    ['content missing', 'any', '3002', 'ERR_DER_TRUNCATED', 0, 'input.x'],
    ['length of the length missing', 'any', '3082', 'ERR_DER_TRUNCATED', 0, 'input.x'],
    ['trailing octet', 'any', '300000', 'ERR_DER_TRAILING_DATA', 2, 'input'],
    ['trailing octet within', 'sequence', '3003020100', 'ERR_DER_TRAILING_DATA', 2, 'input.x'],
    ['indefinite length', 'any', '30800000', 'ERR_DER_LENGTH', 0, 'input.x'],
    ['long form for 5', 'any', '0481050000000000', 'ERR_DER_LENGTH', 0, 'input.x'],
    ['leading zero in the length', 'any', '04820080' + '00'.repeat(128), 'ERR_DER_LENGTH', 0, 'input.x'],
    ['length in five octets', 'any', '0485000000000100', 'ERR_DER_LENGTH', 0, 'input.x'],
    ['length of 4 GiB', 'any', '0484ffffffff00', 'ERR_DER_TRUNCATED', 0, 'input.x'],
    ['high tag number, cut', 'any', '1f8101', 'ERR_DER_TRUNCATED', 0, 'input.x'],
    ['high tag number without an end', 'any', '1f81', 'ERR_DER_TRUNCATED', 0, 'input.x'],
    ['high tag number of 30', 'any', '1f1e00', 'ERR_DER_TAG', 0, 'input.x'],
    ['high tag number with a zero before it', 'any', '1f801f00', 'ERR_DER_TAG', 0, 'input.x'],
    ['high tag number of 35 bits', 'any', '1fffffffff7f00', 'ERR_DER_TAG', 0, 'input.x'],
    ['end of contents', 'any', '0000', 'ERR_DER_TAG', 0, 'input.x'],
    ['another type', 'integer', '040100', 'ERR_DER_TAG', 0, 'input.x'],
    ['BOOLEAN 01', 'boolean', '010101', 'ERR_DER_BOOLEAN', 0, 'input.x'],
    ['BOOLEAN of two octets', 'boolean', '0102ffff', 'ERR_DER_BOOLEAN', 0, 'input.x'],
    ['empty BOOLEAN', 'boolean', '0100', 'ERR_DER_BOOLEAN', 0, 'input.x'],
    ['empty INTEGER', 'integer', '0200', 'ERR_DER_INTEGER', 0, 'input.x'],
    ['padded positive INTEGER', 'integer', '0202007f', 'ERR_DER_INTEGER', 0, 'input.x'],
    ['padded negative INTEGER', 'integer', '0202ff80', 'ERR_DER_INTEGER', 0, 'input.x'],
    ['INTEGER past 53 bits', 'small', '020720000000000000', 'ERR_DER_INTEGER', 0, 'input.x'],
    ['negative INTEGER', 'unsigned', '0201ff', 'ERR_DER_INTEGER', 0, 'input.x'],
    ['BIT STRING without its first octet', 'bits', '0300', 'ERR_DER_BIT_STRING', 0, 'input.x'],
    ['8 unused bits', 'bits', '03020800', 'ERR_DER_BIT_STRING', 0, 'input.x'],
    ['unused bits of nothing', 'bits', '030101', 'ERR_DER_BIT_STRING', 0, 'input.x'],
    ['unused bit that is set', 'bits', '03020101', 'ERR_DER_BIT_STRING', 0, 'input.x'],
    ['no whole octets', 'octetsOfBits', '03020480', 'ERR_DER_BIT_STRING', 0, 'input.x'],
    ['empty OID', 'oid', '0600', 'ERR_DER_OID', 0, 'input.x'],
    ['padded arc', 'oid', '06032a8001', 'ERR_DER_OID', 0, 'input.x'],
    ['cut arc', 'oid', '06022a86', 'ERR_DER_OID', 0, 'input.x'],
    ['NULL with content', 'null', '050100', 'ERR_DER_NULL', 0, 'input.x'],
    ['UTCTime without seconds', 'time', '170b323630313031303030305a', 'ERR_DER_TIME', 0, 'input.x'],
    ['UTCTime with an offset', 'time', '1711' + toHex(Buffer.from('260101000000+0100')), 'ERR_DER_TIME', 0, 'input.x'],
    ['30 February', 'time', '170d' + toHex(Buffer.from('260230000000Z')), 'ERR_DER_TIME', 0, 'input.x'],
    ['24 o’clock', 'time', '170d' + toHex(Buffer.from('260101240000Z')), 'ERR_DER_TIME', 0, 'input.x'],
    ['a leap second', 'time', '170d' + toHex(Buffer.from('161231235960Z')), 'ERR_DER_TIME', 0, 'input.x'],
    ['fractions of a second', 'time', '1811' + toHex(Buffer.from('20260101000000.5Z')), 'ERR_DER_TIME', 0, 'input.x'],
    [
      'GeneralizedTime under the tag of UTCTime',
      'time',
      '170f' + toHex(Buffer.from('20260101000000Z')),
      'ERR_DER_TIME',
      0,
      'input.x',
    ],
    ['overlong UTF-8', 'string', '0c02c080', 'ERR_DER_STRING', 0, 'input.x'],
    ['surrogate in UTF-8', 'string', '0c03eda080', 'ERR_DER_STRING', 0, 'input.x'],
    ['asterisk in PrintableString', 'string', '13012a', 'ERR_DER_STRING', 0, 'input.x'],
    ['eighth bit in IA5String', 'string', '160180', 'ERR_DER_STRING', 0, 'input.x'],
    ['half a BMPString', 'string', '1e0141', 'ERR_DER_STRING', 0, 'input.x'],
    ['no string at all', 'string', '020100', 'ERR_DER_STRING', 0, 'input.x'],
    ['SET OF out of order', 'set', '3106020102020101', 'ERR_DER_SET_ORDER', 5, 'input.x[1]'],
  ])('%s', (_name, how, hex, code, offset, path) => {
    expect(refusal(() => read(fromHex(hex), (reader) => as[how](reader)))).toMatchObject({ code, offset, path });
  });
});

test('a path names lists by position and carriers not at all', () => {
  const value = encode(sequence(sequence(integer(1)), explicit(0, sequence(octetString(sequence(oid('1.2.3')))))));
  const error = refusal(() =>
    read(value, (reader) => {
      const outer = reader.sequence('outer');
      outer.sequence('').integer('');
      const inner = outer.explicit(0, 'inner');
      inner.sequence('').encapsulated('payload').sequence('').boolean('flag');
    }),
  );
  expect(error).toMatchObject({ code: 'ERR_DER_TAG', path: 'input.outer.inner.payload.flag', offset: 15 });
});

test('times are whole seconds, UTCTime from 1950 through 2049', () => {
  for (const [iso, hex] of [
    ['1949-12-31T23:59:59Z', '180f31393439313233313233353935395a'],
    ['1950-01-01T00:00:00Z', '170d3530303130313030303030305a'],
    ['2026-11-24T12:34:56Z', '170d3236313132343132333435365a'],
    ['2049-12-31T23:59:59Z', '170d3439313233313233353935395a'],
    ['2050-01-01T00:00:00Z', '180f32303530303130313030303030305a'],
    ['9999-12-31T23:59:59Z', '180f39393939313233313233353935395a'],
    ['0000-02-29T00:00:00Z', '180f30303030303232393030303030305a'],
  ] as const) {
    const seconds = Date.parse(iso) / 1000;
    expect(toHex(encode(time(seconds))), iso).toBe(hex);
    expect(
      read(fromHex(hex), (reader) => reader.time('t')),
      iso,
    ).toBe(seconds);
  }
});

describe('properties', () => {
  const seed = 20_261_124;
  const node: fc.Arbitrary<DerNode> = fc.letrec<{ node: DerNode; leaf: DerNode }>((tie) => ({
    leaf: fc.oneof(
      fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }).map(integer),
      fc
        .string({ unit: 'grapheme' })
        .filter((text) => text.isWellFormed())
        .map(utf8String),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => octetString(bytes)),
      fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }).map(time),
      fc
        .tuple(fc.integer({ min: 0, max: 2 }), fc.array(fc.bigInt({ min: 0n, max: 2n ** 130n }), { maxLength: 6 }))
        .map(([root, arcs]) => oid([root, 39, ...arcs].join('.'))),
    ),
    node: fc.oneof(
      { maxDepth: 4 },
      tie('leaf'),
      fc.array(tie('node'), { maxLength: 4 }).map((children) => sequence(...children)),
      fc.array(tie('node'), { maxLength: 4 }).map((children) => setOf(...children)),
      tie('node').map((child) => explicit(3, child)),
    ),
  })).node;

  test('what is written is DER of the length that was announced', () => {
    fc.assert(
      fc.property(node, (value) => {
        const der = encode(value);
        expect(der.length).toBe(value.byteLength);
        checkDer(der);
      }),
      { seed, numRuns: 500 },
    );
  });

  test('integers, OIDs and texts come back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 400n), max: 2n ** 400n }), (value) => {
        expect(read(encode(integer(value)), (reader) => reader.integer('x'))).toBe(value);
        if (value >= -(2n ** 53n) + 1n && value < 2n ** 53n)
          expect(read(encode(integer(Number(value))), (reader) => reader.smallInteger('x'))).toBe(Number(value));
      }),
      { seed, numRuns: 2000 },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 }),
        fc.bigInt({ min: 0n, max: 39n }),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 128n }), { maxLength: 8 }),
        (root, second, arcs) => {
          const text = [root, second, ...arcs].join('.');
          expect(read(encode(oid(text)), (reader) => reader.oid('x'))).toBe(text);
        },
      ),
      { seed, numRuns: 2000 },
    );
  });

  test('every prefix is refused with a place inside it', () => {
    fc.assert(
      fc.property(node, (value) => {
        const der = encode(value);
        for (let length = 0; length < der.length; length++) {
          const error = refusal(() => checkDer(der.subarray(0, length)));
          expect(error).toMatchObject({ name: 'DerError' });
          expect((error as { offset: number }).offset).toBeLessThanOrEqual(length);
        }
      }),
      { seed, numRuns: 100 },
    );
  });
});

test('deep nesting and long input end in an error, not in the stack', () => {
  let deep = '0500';
  for (let i = 0; i < 40; i++) deep = `30${(deep.length / 2).toString(16).padStart(2, '0')}${deep}`;
  expect(refusal(() => checkDer(fromHex(deep)))).toMatchObject({ code: 'ERR_DER_DEPTH' });
  expect(refusal(() => read(new Uint8Array(11), (r) => r.element('x'), { maxLength: 10 }))).toMatchObject({
    code: 'ERR_DER_TOO_LARGE',
  });
});

test.each(['', '1', '3.1', '1.40', '0.40', '1.02', '1.2.', '.1.2', '1..2', '1.2.x', '1.2.-3', '01.2'])(
  'no OID: %j',
  (text) => {
    expect(() => oid(text)).toThrow(TypeError);
  },
);
