import { PemError, parsePem } from '@mayfly/der/pem';
import { parseCertificate } from '@mayfly/x509';
import { describe, expect, test } from 'vitest';
import { extensionFormats, type Format, formats, isRefusal, tryOut } from '../fuzz/formats.js';
import { extensionCodecs } from './extension-codecs.js';
import { derOf, ofKind, textOf, vectors } from './read-vectors.js';
import type { Fault, Vector } from './types.js';

type Faulty = Vector & { readonly fault: Fault };
const faulty = vectors
  .filter((vector): vector is Faulty => vector.fault !== undefined)
  .filter(({ file }) => file.startsWith('faults/'));
const table = (outcome: Vector['expect']) =>
  faulty.filter((vector) => vector.expect === outcome).map((vector) => [vector.file, vector.about, vector] as const);

/** What the reader of a fault is given, and its format. */
function given({ file, fault: { reader } }: Faulty): [Format, Uint8Array] {
  const der = derOf(file);
  if (reader === 'subject') return [formats.name, parseCertificate(der).subject];
  if (reader === 'subjectPublicKeyInfo') return [formats['public-key'], parseCertificate(der).subjectPublicKeyInfo];
  const format = Object.values(formats).find(({ name }) => name === reader);
  if (format !== undefined) return [format, der];
  const [extnID] = Object.entries(extensionCodecs).find(([, { field }]) => reader === `extension ${field}`) ?? [];
  const extension = parseCertificate(der).extensions.find((candidate) => candidate.extnID === extnID);
  if (extension === undefined) throw new Error(`${file} has no ${reader}`);
  return [extensionFormats[reader]!, extension.extnValue];
}

describe('refused', () => {
  test.each(table('refused'))('%s: %s', (_file, _about, vector) => {
    const [format, der] = given(vector);
    let caught: unknown;
    try {
      format.again(der);
    } catch (error) {
      caught = error;
    }
    if (!isRefusal(caught)) throw new Error(`Not refused, but ${caught}`);
    const { code, offset, path } = vector.fault;
    expect(caught).toMatchObject({
      code,
      ...(offset !== undefined && { offset }),
      ...(path !== undefined && { path }),
    });
    expect(tryOut(format, der).type).toBe('refused');
  });
});

describe('tolerated', () => {
  test.each(table('tolerated'))('%s: %s', (_file, _about, vector) => {
    const [format, der] = given(vector);
    expect(tryOut(format, der)).toEqual({ type: 'tolerated' });
  });
});

describe('one fault', () => {
  test.each(faulty.map((vector) => [vector.file, vector] as const))('%s', (_file, { file, fault }) => {
    const edited = textOf(file).split('\n');
    const original = textOf(fault.of).split('\n');
    expect(edited.filter((line) => !line.startsWith('Mayfly'))).not.toEqual(original);
  });
});

describe('PEM', () => {
  const texts = vectors.filter(ofKind('pem'));
  test.each(texts.map((vector) => [vector.file, vector.about, vector] as const))('%s: %s', (file, _about, vector) => {
    if (vector.fault === undefined) {
      const blocks = parsePem(textOf(file));
      const sources = expectedBlocks(file);
      expect(blocks.map(({ label }) => label)).toEqual(sources.map(({ label }) => label));
      for (const [i, { bytes }] of blocks.entries()) {
        const source = sources[i]!.file;
        if (source !== undefined) expect(bytes).toEqual(derOf(source));
      }
      return;
    }
    const { code, line } = vector.fault;
    expect(() => parsePem(textOf(file))).toThrow(PemError);
    expect(() => parsePem(textOf(file))).toThrow(expect.objectContaining({ code, line }));
  });

  /** Blocks of the texts that are sound, with the vectors that they are from. */
  function expectedBlocks(file: string): readonly { label: string; file?: string }[] {
    const leaf = { label: 'CERTIFICATE', file: 'certificates/leaf.pem' };
    const root = { label: 'CERTIFICATE', file: 'certificates/root.pem' };
    if (file === 'pem/nothing.txt') return [];
    if (file === 'pem/chain.txt') return [leaf, root];
    if (file === 'pem/bundle.txt')
      return [{ label: 'EC PARAMETERS' }, { label: 'EC PRIVATE KEY', file: 'keys/p256-sec1.pem' }, leaf, root];
    return [leaf];
  }
});
