import { DerError, type Seconds } from '@mayfly/der';
import type { Derivation } from '@mayfly/pkcs8/password-based';
import {
  type BagDescription,
  cspName,
  type EncryptionDescription,
  friendlyName,
  localKeyId,
  type MacDescription,
  type Pfx,
  type PfxDescription,
  type SafeBag,
  trustedKeyUsage,
} from '@mayfly/pkcs12';
import { inspectCertificate, X509Error } from '@mayfly/x509';
import { oidText } from '@mayfly/x509/oid-names';
import type { CommandIo } from '../command-io.js';
import { inputName, readInput } from '../input-file.js';
import { certificateFacts } from '../inspect/certificate.js';
import { type Fact, type Facts, facts } from '../inspect/description.js';
import { privateKeyFacts } from '../inspect/private-key.js';
import { formatFacts } from '../inspect/text.js';
import { hasPassword, passwordSource, readPassword } from '../password.js';
import { colonHex, printableJson } from '../terminal-text.js';
import { describe, isInTheOpen, MAX_FILE_LENGTH, openBytes, type ReadFlags } from './options.js';

export interface InspectP12Options extends ReadFlags {
  readonly json?: boolean;
}

/**
 * Shows structure and algorithms of a file without its password, and what is in it when a password is given. Keys are never
 * shown.
 * @throws {@link CliError} `ERR_CLI_USAGE`, `ERR_CLI_FILE`, `ERR_CLI_INPUT`.
 */
export async function inspectFile(path: string, options: InspectP12Options, io: CommandIo): Promise<void> {
  const name = inputName(path);
  const file = await readInput(path, io, MAX_FILE_LENGTH);
  const description = describe(file, name);
  const structure = structureFacts(description);
  const source = passwordSource({ ...options }, '');
  const isOpen = isInTheOpen(description);
  const password = hasPassword(source) ? await readPassword(name, source, io) : isOpen ? '' : undefined;
  // Where nothing is under a password, what is said of the MAC says enough.
  const flags = isOpen ? { ...options, allowMissingMac: true } : options;
  const contents =
    password === undefined ? undefined : await openedFacts(await openBytes(file, name, password, flags, io), io.now());
  const all = facts({ ...structure, opened: contents });
  io.writeOut(options.json === true ? `${printableJson(all)}\n` : `PKCS#12 (${name})\n${formatFacts(all)}`);
  if (contents === undefined && options.json !== true)
    io.writeError('What is encrypted is shown with its password: --password-file, --password-env or --password-fd\n');
}

const structureFacts = ({ mac, contents }: PfxDescription): Facts => ({
  mac: mac === undefined ? 'none: nothing says whether the file was changed' : macFacts(mac),
  contents: contents.map(({ encryption, safeBags }) =>
    facts({
      encryption: encryption === undefined ? 'none' : encryptionFacts(encryption),
      bags: safeBags?.map(bagFacts),
    }),
  ),
});

const macFacts = ({ scheme, hash, derivation, fault }: MacDescription): Facts =>
  facts({
    scheme: scheme && `${scheme === 'HMAC' ? 'HMAC (RFC 7292)' : 'PBMAC1 (RFC 9579)'} with ${hash}`,
    ...(derivation && derivationFacts(derivation)),
    fault,
  });

const encryptionFacts = ({ algorithm, cipher, derivation, byteLength, fault }: EncryptionDescription): Facts =>
  facts({ algorithm, cipher, ...(derivation && derivationFacts(derivation)), byteLength, fault });

function derivationFacts(derivation: Derivation): Facts {
  const saltLength = derivation.salt.length;
  switch (derivation.type) {
    case 'scrypt': {
      const { costParameter, blockSize, parallelizationParameter } = derivation;
      return { keyDerivation: 'scrypt', costParameter, blockSize, parallelizationParameter, saltLength };
    }
    case 'pbkdf2':
      return {
        keyDerivation: `PBKDF2 with HMAC-${derivation.prf}`,
        iterationCount: derivation.iterationCount,
        saltLength,
      };
    case 'pkcs12':
      return { keyDerivation: 'RFC 7292 appendix B', iterationCount: derivation.iterationCount, saltLength };
    case 'pbkdf1':
      return { keyDerivation: 'PBKDF1', iterationCount: derivation.iterationCount, saltLength };
  }
}

const bagFacts = (bag: BagDescription): Facts =>
  facts({
    type: bag.type === 'shrouded' ? 'key, encrypted' : bag.type,
    friendlyName: bag.friendlyName,
    localKeyId: bag.localKeyId && colonHex(bag.localKeyId),
    trusted: bag.isTrusted || undefined,
    encryption: bag.encryption && encryptionFacts(bag.encryption),
    bags: bag.safeBags?.map(bagFacts),
  });

async function openedFacts({ authenticatedSafe }: Pfx, now: Seconds): Promise<readonly Fact[]> {
  const all: Fact[] = [];
  for (const { safeBags } of authenticatedSafe) for (const bag of safeBags) all.push(await openedBagFacts(bag, now));
  return all;
}

async function openedBagFacts(bag: SafeBag, now: Seconds): Promise<Facts> {
  const id = localKeyId(bag);
  const usage = trustedKeyUsage(bag);
  const head = {
    type: bag.type,
    friendlyName: friendlyName(bag),
    localKeyId: id && colonHex(id),
    trustedKeyUsage: usage?.map(oidText),
    cspName: cspName(bag),
  };
  switch (bag.type) {
    case 'key':
      try {
        return facts({ ...head, ...privateKeyFacts(bag.privateKeyInfo, 'PRIVATE KEY') });
      } finally {
        bag.privateKeyInfo.fill(0);
      }
    case 'certificate':
      return facts({ ...head, ...(await certificateOrFault(bag.certificate, now)) });
    case 'crl':
      return facts({ ...head, byteLength: bag.crl.length });
    case 'secret':
      return facts({ ...head, secretTypeId: oidText(bag.secretTypeId) });
    case 'unknown':
      return facts({ ...head, bagId: oidText(bag.bagId) });
    case 'safeContents': {
      const bags: Fact[] = [];
      for (const one of bag.safeBags) bags.push(await openedBagFacts(one, now));
      return facts({ ...head, bags });
    }
  }
}

async function certificateOrFault(der: Uint8Array, now: Seconds): Promise<Facts> {
  try {
    inspectCertificate(der);
    return await certificateFacts(der, now);
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return { fault: `${error.message} (${error.code})` };
    throw error;
  }
}
