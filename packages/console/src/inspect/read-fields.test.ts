import { readdirSync, readFileSync } from 'node:fs';
import { fromHex } from '@mayfly/der';
import { parsePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readDocument } from './document.js';
import { allFields, type Field, fieldsAt, followPath } from './field.js';
import { kinds } from './kinds.js';
import { readFields } from './read-fields.js';
import { readInput } from './read-input.js';

const vectors = new URL('../../../../vectors/', import.meta.url);
const pemFiles = (directory: string): readonly string[] =>
  readdirSync(new URL(directory, vectors))
    .filter((name) => name.endsWith('.pem'))
    .map((name) => readFileSync(new URL(`${directory}/${name}`, vectors), 'latin1'));
const valid = ['certificates', 'crls', 'requests'].flatMap(pemFiles).flatMap((text) => parsePem(text));
const blocks = valid.filter(({ label }) => kinds.some(({ labels }) => labels.includes(label)));
const kindOf = (label: string) => kinds.find(({ labels }) => labels.includes(label))!;

/** Whether every field lies within its parent, behind the sibling before it. */
function nests({ offset, end, children }: Field): boolean {
  let at = offset;
  return children.every((child) => {
    const fits = child.offset >= at && child.end > child.offset && child.end <= end && nests(child);
    at = child.end;
    return fits;
  });
}

test('every vector is read whole: fields nest, none has a fault, and none lacks a name that its RFC gives', () => {
  expect(blocks.length).toBeGreaterThan(100);
  for (const { label, bytes } of blocks) {
    const { name, shape } = kindOf(label);
    const root = readFields(bytes, name, shape);
    expect([root.offset, root.end, nests(root)]).toEqual([0, bytes.length, true]);
    expect([...allFields(root)].filter(({ fault }) => fault !== undefined)).toEqual([]);
    for (const field of [root, ...root.children, ...root.children[0]!.children]) expect(field.name).not.toMatch(/^\[/);
  }
});

test('every byte belongs to one trail of fields', () => {
  const { bytes } = blocks[0]!;
  const root = readFields(bytes, 'certificate', kindOf('CERTIFICATE').shape);
  for (let offset = 0; offset < bytes.length; offset++) {
    const trail = fieldsAt(root, offset);
    expect(trail[0]).toBe(root);
    expect(trail.at(-1)!.children.some((child) => child.offset <= offset && offset < child.end)).toBe(false);
  }
  expect(fieldsAt(root, bytes.length)).toEqual([]);
});

test('whatever is changed or cut, something is shown, and the fault is inside the input', async () => {
  const block = fc.constantFrom(...blocks.slice(0, 40));
  const change = fc.record({ block, at: fc.nat(), octet: fc.integer({ min: 1, max: 255 }), cut: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(change, async ({ block: { bytes, label }, at, octet, cut }) => {
      const changed = cut ? bytes.slice(0, (at % (bytes.length - 1)) + 1) : Uint8Array.from(bytes);
      if (!cut) changed[at % bytes.length]! ^= octet;
      const { root, problems } = await readDocument(changed, 'test', kindOf(label));
      expect(nests(root) && root.end === changed.length).toBe(true);
      for (const { offset, severity } of problems) {
        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThanOrEqual(changed.length);
        expect(['fault', 'error', 'warning']).toContain(severity);
      }
      if (cut) expect(problems.some(({ severity }) => severity === 'fault')).toBe(true);
    }),
    { seed: 11, numRuns: 300 },
  );
});

describe('paths', () => {
  const extension = (name: string): Uint8Array =>
    parsePem(readFileSync(new URL(`certificates/extension-${name}.pem`, vectors), 'latin1'))[0]!.bytes;
  test.each([
    ['certificate.tbsCertificate.validity.notAfter', 'issuer-alt-name', 'notAfter', true],
    ['extensions.issuerAltName[0]', 'issuer-alt-name', '[0]', true],
    ['extensions.nameConstraints.critical', 'name-constraints', 'critical', true],
    ['extensions.keyUsage.critical', 'name-constraints', 'extensions', false],
    ['tbsCertificate.extensions[0].extnValue', 'name-constraints', 'extnValue', true],
    ['version', 'name-constraints', 'version', true],
    ['nothing.of.this', 'name-constraints', 'certificate', false],
  ])('%s in %s is %s', (path, file, name, isWhole) => {
    const root = readFields(extension(file), 'certificate', kindOf('CERTIFICATE').shape);
    const found = followPath(root, path);
    expect([found.field.name, found.isWhole]).toEqual([name, isWhole]);
  });
});

describe('inputs', () => {
  const pem = pemFiles('certificates')[0]!;
  const der = parsePem(pem)[0]!.bytes;
  const hex = Buffer.from(der).toString('hex');
  test.each<readonly [string, Uint8Array | string]>([
    ['PEM', pem],
    ['DER', der],
    ['base64', Buffer.from(der).toString('base64')],
    ['base64url without padding', Buffer.from(der).toString('base64url')],
    ['hexadecimal with colons', hex.replace(/..(?=.)/g, '$&:')],
    ['PEM in a file', new TextEncoder().encode(pem)],
  ])('a certificate as %s', async (_name, input) => {
    const [document] = await readInput(input);
    expect([document!.kind.type, document!.bytes]).toEqual(['certificate', der]);
  });

  test.each<readonly [string, Uint8Array | string, RegExp]>([
    ['nothing', '', /^This is empty/],
    ['prose', 'not a certificate', /neither PEM nor DER.*octets 6e 6f 74 20/],
    ['a Java key store', fromHex('feedfeed00000002'), /JKS|keytool/],
    ['more than a page can show', pem.repeat(501), /501 PEM blocks; 500/],
    ['PEM that is cut', pem.slice(0, 200), /ERR_PEM_/],
  ])('%s is refused in words', async (_name, input, message) => {
    await expect(readInput(input)).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringMatching(message),
    });
  });

  test('of a private key with a fault too', async () => {
    const key = generateKeySync('P-256').exportPkcs8();
    const [broken] = await readInput(Uint8Array.of(...key, 0));
    expect(broken!.kind.type).toBe('privateKey');
    expect([...allFields(broken!.root)].some(({ isSecret }) => isSecret)).toBe(true);
  });

  test('octets of private keys are marked, and nothing says them', async () => {
    const keys = pemFiles('keys')
      .flatMap((text) => parsePem(text))
      .filter(({ label, headers }) => /^(?!ENCRYPTED).*PRIVATE KEY$/.test(label) && headers.length === 0);
    expect(keys.length).toBeGreaterThan(3);
    for (const { bytes, label } of keys) {
      const { root } = await readDocument(bytes, 'test', kindOf(label));
      const secrets = [...allFields(root)].filter(({ isSecret }) => isSecret);
      expect(secrets.length).toBeGreaterThan(0);
      for (const { text } of secrets) expect(text).toMatch(/hidden|^$/);
    }
  });
});
