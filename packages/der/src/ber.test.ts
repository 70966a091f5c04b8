import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinSegments, normalizeBer } from './ber.js';
import { fromHex, toHex } from './bytes.js';
import { constructedFrom, type DerNode, encode, integer, octetString, primitive, sequence } from './writer.js';

describe('normalizeBer', () => {
  test.each([
    ['DER', '30060201050401ff', '30060201050401ff'],
    ['indefinite length', '3080020105040100' + '0000', '3006020105040100'],
    ['indefinite lengths in one another', '30803080' + '0500' + '0000' + '0000', '300430020500'],
    ['length in long form', '3081020500', '30020500'],
    ['length with leading zeros', '308400000002' + '0500', '30020500'],
    ['OCTET STRING in segments', '24800401' + 'aa' + '0402bbcc' + '0000', '0403aabbcc'],
    ['OCTET STRING in segments of segments', '2409' + '2405' + '0401aa' + '0400' + '0400', '0401aa'],
    ['OCTET STRING of no segments', '24800000', '0400'],
    ['BIT STRING in segments', '2308' + '030200aa' + '030204b0', '030304aab0'],
    ['UTF8String in segments', '2c80' + '040161' + '040162' + '0000', '0c026162'],
    ['TRUE as 01', '010101', '0101ff'],
    ['FALSE', '010100', '010100'],
    ['context tags keep their form', 'a0800401aa04010b0000', 'a0060401aa04010b'],
    ['octets within strings are left', '3080' + '040430800000' + '0000', '3006040430800000'],
  ])('%s', (_name, ber, der) => {
    expect(toHex(normalizeBer(fromHex(ber)))).toBe(der);
  });

  test('gives DER back as it is', () => {
    const der = fromHex('3003020105');
    expect(normalizeBer(der)).toBe(der);
  });

  test.each([
    ['nothing', '', 'ERR_DER_TRUNCATED', 0],
    ['only a tag', '30', 'ERR_DER_TRUNCATED', 0],
    ['length past the end', '3003020105'.slice(0, 8), 'ERR_DER_TRUNCATED', 0],
    ['length of nine octets', '3089ffffffffffffffffff', 'ERR_DER_TRUNCATED', 0],
    ['cut length', '308201', 'ERR_DER_TRUNCATED', 0],
    ['no end of contents', '30800500', 'ERR_DER_TRUNCATED', 4],
    ['half an end of contents', '3080050000', 'ERR_DER_TRUNCATED', 4],
    ['end of contents in a definite length', '300405000000', 'ERR_DER_TAG', 4],
    ['primitive and indefinite', '04800000', 'ERR_DER_LENGTH', 0],
    ['constructed INTEGER', '2203020105', 'ERR_DER_TAG', 0],
    ['primitive SEQUENCE', '1000', 'ERR_DER_TAG', 0],
    ['high tag number', '1f8101' + '00', 'ERR_DER_TAG', 0],
    ['segment of another type', '2403020105', 'ERR_DER_TAG', 2],
    ['BOOLEAN of two octets', '01020000', 'ERR_DER_BOOLEAN', 0],
    ['unused bits before the last segment', '2308' + '030204a0' + '030200bb', 'ERR_DER_BIT_STRING', 10],
    ['empty segment of a BIT STRING', '23020300', 'ERR_DER_BIT_STRING', 4],
    ['trailing octets', '05000000', 'ERR_DER_TRAILING_DATA', 2],
    ['child longer than its parent', '3003' + '0402aabb', 'ERR_DER_TRUNCATED', 2],
  ])('refuses %s', (_name, ber, code, offset) => {
    expect(() => normalizeBer(fromHex(ber))).toThrow(expect.objectContaining({ code, offset, path: 'input' }));
  });

  test('refuses what is nested too deep, too large or of too many parts', () => {
    const nested = (depth: number) => fromHex('3080'.repeat(depth) + '0500' + '0000'.repeat(depth));
    expect(toHex(normalizeBer(nested(2), { maxDepth: 2 }))).toBe('300430020500');
    expect(() => normalizeBer(nested(3), { maxDepth: 2 })).toThrow(expect.objectContaining({ code: 'ERR_DER_DEPTH' }));
    expect(() => normalizeBer(fromHex('2480'.repeat(40)))).toThrow(expect.objectContaining({ code: 'ERR_DER_DEPTH' }));
    expect(() => normalizeBer(fromHex('0500'), { maxLength: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_DER_TOO_LARGE' }),
    );
    const many = Uint8Array.from({ length: 2 * 200_001 + 2 }, (_, i) =>
      i === 0 ? 0x30 : i === 1 ? 0x80 : i % 2 === 0 ? 5 : 0,
    );
    expect(() => normalizeBer(many)).toThrow(expect.objectContaining({ code: 'ERR_DER_TOO_LARGE' }));
  });

  test('undoes whatever BER does to lengths and strings', () => {
    const leaf = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((octets) => octetString(octets)),
      fc.integer().map(integer),
    );
    const { node } = fc.letrec<{ node: DerNode }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc.array(tie('node'), { maxLength: 4 }).map((all) => sequence(...all)),
      ),
    }));
    fc.assert(
      fc.property(node, fc.infiniteStream(fc.nat(255)), (value, dice) => {
        const der = encode(value);
        expect(toHex(normalizeBer(loosen(der, dice)))).toBe(toHex(der));
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});

/** Writes DER as some BER of the same value. */
function loosen(der: Uint8Array, dice: Iterator<number>): Uint8Array {
  const roll = (): number => dice.next().value as number; // the stream is infinite
  const header = (tag: number, length: number): readonly number[] => {
    const zeros = roll() % 3;
    const short = [length >> 16, (length >> 8) & 0xff, length & 0xff];
    return [tag, 0x80 | (3 + zeros), ...Array.from({ length: zeros }, () => 0), ...short];
  };
  const element = (at: number): { readonly ber: readonly number[]; readonly end: number } => {
    const tag = der[at]!;
    const octets = der[at + 1]! < 0x80 ? 0 : der[at + 1]! & 0x7f;
    let length = octets === 0 ? der[at + 1]! : 0;
    for (let i = 0; i < octets; i++) length = length * 256 + der[at + 2 + i]!;
    const start = at + 2 + octets;
    const end = start + length;
    let content: number[] = [];
    if (tag === 0x30) for (let child = start; child < end; ) ({ end: child } = append(content, element(child)));
    else if (tag === 4 && roll() % 2 === 0) {
      const cut = start + (length === 0 ? 0 : roll() % length);
      content = [[start, cut] as const, [cut, end] as const].flatMap(([from, to]) => [
        ...header(4, to - from),
        ...der.subarray(from, to),
      ]);
      return { ber: [...header(0x24, content.length), ...content], end };
    } else return { ber: [...header(tag, length), ...der.subarray(start, end)], end };
    const ber = roll() % 2 === 0 ? [tag, 0x80, ...content, 0, 0] : [...header(tag, content.length), ...content];
    return { ber, end };
  };
  const append = (to: number[], one: { readonly ber: readonly number[]; readonly end: number }) => {
    to.push(...one.ber);
    return one;
  };
  return Uint8Array.from(element(0).ber);
}

describe('joinSegments', () => {
  test.each([
    ['nothing', '', ''],
    ['one', '0402aabb', 'aabb'],
    ['several and nested', '0401aa' + '2405' + '0401bb' + '0400', 'aabb'],
  ])('joins %s', (_name, content, octets) => {
    expect(toHex(joinSegments(fromHex(content)))).toBe(octets);
  });

  test('refuses what is no OCTET STRING', () => {
    expect(() => joinSegments(fromHex('0500'))).toThrow(expect.objectContaining({ code: 'ERR_DER_TAG', offset: 0 }));
  });
});

test('a list of elements of any length is written', () => {
  const many = constructedFrom(
    0x30,
    Array.from({ length: 150_000 }, () => primitive(5, new Uint8Array(0))),
  );
  expect(encode(many).length).toBe(300_005);
});
