import { existsSync, readFileSync } from 'node:fs';
import { applyFault } from './apply-fault.js';
import { certificateFaults } from './definitions/certificate-faults.js';
import { certificatePartFaults } from './definitions/certificate-part-faults.js';
import { certificates } from './definitions/certificates.js';
import { crls } from './definitions/crls.js';
import { keyForms, keys } from './definitions/keys.js';
import { otherFaults } from './definitions/other-faults.js';
import { pems } from './definitions/pem.js';
import { requests } from './definitions/requests.js';
import { serialAndTimeFaults } from './definitions/serial-and-time-faults.js';
import { certificateFacts, crlFacts, keyFacts, requestFacts } from './facts.js';
import { header, withoutHeader } from './header.js';
import { readIndex } from './index-file.js';
import { inWorkshop, sha256, type Workshop } from './openssl.js';
import { makeCertificate, makeCrl, makeKeyForm, makeRequest, type Shelf } from './openssl-commands.js';
import type { Digest, Fault, Made, Vector } from './types.js';

export interface Options {
  /** The directory `vectors/`, with a slash at the end. */
  readonly root: string;
  readonly facts: boolean;
  readonly newKeys: boolean;
}

/** The contents that `vectors/` is to have, by file, `index.json` among them. */
export interface Collection {
  readonly files: ReadonlyMap<string, string>;
  readonly made: number;
  readonly kept: number;
}

/** A vector before it is known what its file holds. */
type Plan = Vector extends infer V ? (V extends Vector ? Omit<V, 'inputs' | 'sha256' | 'facts'> : never) : never;

/** Makes every vector in memory; what has not changed since the index was written is taken from the disk. */
export function collect({ root, facts: askAgain, newKeys }: Options): Collection {
  const before = new Map(readIndex(root).map((vector) => [vector.file, vector]));
  const files = new Map<string, string>();
  const bodies = new Map<string, string>();
  const vectors: Vector[] = [];
  const count = { made: 0, kept: 0 };

  /** The file of an earlier run, if it is untouched and came from the same inputs. */
  const earlier = (file: string, inputs: string): { vector: Vector; body: string } | undefined => {
    const vector = before.get(file);
    if (vector === undefined || !existsSync(root + file)) return undefined;
    const text = readFileSync(root + file, 'utf8');
    return vector.inputs === inputs && vector.sha256 === sha256(text)
      ? { vector, body: withoutHeader(text) }
      : undefined;
  };
  const add = (
    plan: Plan,
    inputs: string,
    make: (workshop: Workshop) => string,
    read?: (workshop: Workshop, pem: string) => unknown,
  ): void => {
    const old = newKeys ? undefined : earlier(plan.file, inputs);
    const body = old?.body ?? inWorkshop(make);
    count[old === undefined ? 'made' : 'kept']++;
    const facts =
      read === undefined
        ? undefined
        : old !== undefined && !askAgain && 'facts' in old.vector
          ? old.vector.facts
          : inWorkshop((workshop) => read(workshop, body));
    const text = header(plan) + body;
    bodies.set(plan.file, body);
    files.set(plan.file, text);
    // `read` belongs to the kind of the plan at each call below.
    vectors.push({ ...plan, ...(facts !== undefined && { facts }), inputs, sha256: sha256(text) } as Vector);
  };
  const body = (file: string): string => {
    const text = bodies.get(file);
    if (text === undefined) throw new Error(`Cannot find ${file}: it is defined nowhere before it is used`);
    return text;
  };
  const shelf: Shelf = {
    key: (name) => body(`keys/${name}.pem`),
    certificate: (name) => body(`certificates/${name}.pem`),
    keyOf: (certificate) => certificates.find(({ name }) => name === certificate)!.key,
  };
  const hash = (definition: { readonly about: string }, ...from: readonly string[]): string => {
    const { about: _about, ...input } = definition;
    return sha256(JSON.stringify([input, ...from.map((file) => sha256(body(file)))]));
  };

  for (const definition of keys) {
    const { name, about, genpkey } = definition;
    add(
      { kind: 'private-key', form: 'pkcs8', file: `keys/${name}.pem`, about, expect: 'valid' },
      hash(definition),
      ({ openssl }) => openssl('genpkey', ...genpkey).toString(),
      keyFacts,
    );
  }
  for (const definition of keyForms) {
    const { name, about, key, kind, form, password, refused } = definition;
    const file = `keys/${name}.pem`;
    const expectation = refused
      ? { expect: 'refused' as const, fault: { of: `keys/${key}.pem`, reader: 'private-key' as const, code: refused } }
      : { expect: 'valid' as const };
    add(
      // Which forms a kind has is for the definitions to keep.
      { kind, form, file, about, ...expectation, ...(password && { password }) } as Plan,
      hash(definition, `keys/${key}.pem`),
      (workshop) => makeKeyForm(workshop, shelf, definition),
      (workshop, pem) =>
        keyFacts(
          workshop,
          pem,
          ...(kind === 'public-key' ? ['-pubin'] : []),
          ...(password ? ['-passin', `pass:${password}`] : []),
        ),
    );
  }
  for (const definition of certificates) {
    const { name, about, key, issuer } = definition;
    const signed = signedBy(definition, issuer === undefined ? key : shelf.keyOf(issuer));
    add(
      { kind: 'certificate', file: `certificates/${name}.pem`, about, expect: 'valid', made: signed },
      hash(
        definition,
        `keys/${key}.pem`,
        ...(issuer === undefined ? [] : [`certificates/${issuer}.pem`, `keys/${shelf.keyOf(issuer)}.pem`]),
      ),
      (workshop) => makeCertificate(workshop, shelf, definition),
      certificateFacts,
    );
  }
  for (const definition of requests) {
    const { name, about, key } = definition;
    add(
      { kind: 'request', file: `requests/${name}.pem`, about, expect: 'valid', made: signedBy(definition, key) },
      hash(definition, `keys/${key}.pem`),
      (workshop) => makeRequest(workshop, shelf, definition),
      requestFacts,
    );
  }
  for (const definition of crls) {
    const { name, about, issuer } = definition;
    const key = shelf.keyOf(issuer);
    add(
      { kind: 'crl', file: `crls/${name}.pem`, about, expect: 'valid', made: signedBy({ ...definition, key }, key) },
      hash(definition, `certificates/${issuer}.pem`, `keys/${key}.pem`),
      (workshop) => makeCrl(workshop, shelf, definition),
      crlFacts,
    );
  }

  const made = new Map(vectors.map((vector) => [vector.file, 'made' in vector ? vector.made : undefined]));
  for (const definition of [...certificateFaults, ...serialAndTimeFaults, ...certificatePartFaults, ...otherFaults]) {
    const { name, about, of, reader, code, path } = definition;
    const signer = made.get(of)?.signer;
    const { pem, offset } = applyFault(body(of), definition, signer === undefined ? undefined : shelf.key(signer));
    const fault: Fault = {
      of,
      reader,
      ...(code && { code }),
      ...(offset !== undefined && { offset }),
      ...(path && { path }),
    };
    const { kind, form } = vectors.find(({ file }) => file === of)! as Vector & { form?: string }; // `of` was found above
    add(
      {
        kind,
        ...(form && { form }),
        file: `faults/${name}.pem`,
        about,
        expect: code ? 'refused' : 'tolerated',
        fault,
      } as Plan,
      sha256(pem),
      () => pem,
    );
  }
  for (const definition of pems) {
    const { name, about, openssl, edit, refused } = definition;
    const sources = openssl.flat().filter((argument) => files.has(argument));
    add(
      {
        kind: 'pem',
        file: `pem/${name}.txt`,
        about,
        expect: refused ? 'refused' : 'valid',
        ...(refused && { fault: { of: sources[0]!, reader: 'pem', ...refused } }),
      },
      hash(definition, ...sources),
      (workshop) => {
        for (const [i, file] of sources.entries()) workshop.write(`${i}.pem`, body(file));
        const text = openssl
          .map((args) => workshop.openssl(...args.map((arg) => (files.has(arg) ? `${sources.indexOf(arg)}.pem` : arg))))
          .join('');
        return edit === undefined ? text : text.replaceAll(new RegExp(edit[0], 'g'), edit[1]);
      },
    );
  }
  files.set('index.json', `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`);
  return { files, made: count.made, kept: count.kept };
}

/** How a signed vector came about, for tests that make it again. */
function signedBy(
  { key, digest, pss }: { readonly key: string; readonly digest?: Digest; readonly pss?: boolean },
  signer: string,
): Made {
  const deterministic = signer.startsWith('ed25519') || (signer.startsWith('rsa') && !pss);
  const used = digest ?? (signer.startsWith('ed25519') ? undefined : 'sha256');
  return { key, signer, ...(used && { digest: used }), ...(pss && { pss }), deterministic };
}
