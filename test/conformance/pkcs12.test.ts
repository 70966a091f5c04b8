import { createHash, createPublicKey } from 'node:crypto';
import { DerError } from '@mayfly/der';
import { allBags, friendlyName, Pkcs12Error, readPfx, writePfx } from '@mayfly/pkcs12';
import { legacy } from '@mayfly/pkcs12/legacy';
import { expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, loadDifferences, orMissing, unexpected } from './suite.js';

interface PfxCase extends Case {
  readonly der: string;
  readonly password: string;
  readonly facts?: {
    readonly certs: readonly string[];
    readonly keys: readonly string[];
    readonly friendlyNames?: readonly string[];
  };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const isRefusal = (error: unknown): error is Pkcs12Error | DerError =>
  error instanceof Pkcs12Error || error instanceof DerError;

const publicKeyOf = (privateKeyInfo: Uint8Array): Uint8Array =>
  createPublicKey({ key: Buffer.from(privateKeyInfo), format: 'der', type: 'pkcs8' } as never).export({
    format: 'der',
    type: 'spki',
  });

/** What is wrong with a case, if anything is. */
async function faultOf({ der, password, facts, expect: outcome }: PfxCase): Promise<string | undefined> {
  const file = bytesOf(der);
  try {
    let pfx: Awaited<ReturnType<typeof readPfx>>;
    let hasMac = true;
    try {
      pfx = await readPfx(file, password, { legacy });
    } catch (error) {
      if (!(error instanceof Pkcs12Error) || error.code !== 'ERR_PKCS12_NO_MAC') throw error;
      hasMac = false;
      pfx = await readPfx(file, password, { legacy, allowMissingMac: true });
    }
    if (outcome === 'reject') return 'accepted';
    const bags = allBags(pfx);
    const certs = bags.flatMap((bag) => (bag.type === 'certificate' ? [sha256(bag.certificate)] : [])).sort();
    const names = [...new Set(bags.flatMap((bag) => friendlyName(bag) ?? []))].sort();
    const keys = bags.flatMap((bag) => (bag.type === 'key' ? [bag.privateKeyInfo] : []));
    if (facts !== undefined) {
      if (certs.join() !== facts.certs.join()) return `certificates ${certs}, expected ${facts.certs}`;
      if (
        keys
          .map((key) => sha256(publicKeyOf(key)))
          .sort()
          .join() !== facts.keys.join()
      )
        return 'other keys';
      if (facts.friendlyNames && names.join() !== [...new Set(facts.friendlyNames)].sort().join())
        return `names ${names}, expected ${facts.friendlyNames}`;
    }
    if (hasMac)
      try {
        await readPfx(file, `${password}x`, { legacy });
        return 'opens with another password';
      } catch (error) {
        if (!isRefusal(error)) throw error;
        if (error.code !== 'ERR_PKCS12_PASSWORD') return `another password is ${error.code}`;
      }
    const again = await readPfx(await writePfx(pfx, password, { iterations: 1 }), password);
    if (JSON.stringify(sorted(again)) !== JSON.stringify(sorted(pfx))) return 'comes out otherwise';
    return undefined;
  } catch (error) {
    if (!isRefusal(error)) return `not a typed refusal: ${error}`;
    return outcome === 'accept' ? `${error.code} ${error.message}` : undefined;
  }
}

/** Sets have no order. */
const sorted = (value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('hex')
    : Array.isArray(value)
      ? value.map(sorted)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([name, inner]) => {
              const all = sorted(inner);
              const isSet = name === 'attributes' || name === 'attrValues';
              return [name, isSet ? (all as unknown[]).map((one) => JSON.stringify(one)).sort() : all]; // arrays stay arrays
            }),
          )
        : value;

const suite = 'pkcs12';
test.skipIf(!isPresent(suite))(`${suite}${orMissing(suite)}`, { timeout: 120_000 }, async () => {
  const failures = new Map<string, string>();
  for (const one of loadCases<PfxCase>(suite)) {
    const fault = await faultOf(one);
    if (fault !== undefined) failures.set(one.id, fault);
  }
  expect(unexpected(failures, loadDifferences(suite))).toEqual({ failures: [], passes: [] });
});
