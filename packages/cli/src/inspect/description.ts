import { DerError } from '@mayfly/der';
import { Pkcs8Error } from '@mayfly/pkcs8';
import { X509Error } from '@mayfly/x509';
import { formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { colonHex } from '../terminal-text.js';

/** A fact as JSON has it. Keys are the fields of the RFCs, so that they stay. */
export type Fact = string | number | boolean | readonly Fact[] | Facts;
export interface Facts {
  readonly [field: string]: Fact;
}

/** What stands in one PEM block, or in a DER input. `type` says which facts there are. */
export interface Description {
  readonly type:
    | 'certificate'
    | 'certificationRequest'
    | 'certificateList'
    | 'ocspRequest'
    | 'ocspResponse'
    | 'privateKey'
    | 'encryptedPrivateKey'
    | 'publicKey'
    | 'unknown'
    | 'fault';
  /** Label of the PEM block. */
  readonly label?: string;
  /** Line of the PEM block, from 1. */
  readonly line?: number;
  readonly facts: Facts;
  /** Lines of a DER dump. */
  readonly dump?: readonly string[];
}

/** Whether an error tells what is wrong with the bytes that were read. */
export const isInputFault = (error: unknown): error is DerError | X509Error | Pkcs8Error =>
  error instanceof DerError || error instanceof X509Error || error instanceof Pkcs8Error;

/** A Name in RFC 4514 text; where it cannot be read, what is wrong with it. */
export function nameFact(der: Uint8Array): Fact {
  try {
    return formatDistinguishedName(parseName(der));
  } catch (error) {
    if (!isInputFault(error)) throw error;
    return { fault: `${error.message} (${error.code})`, der: colonHex(der) };
  }
}

/** Leaves out what is undefined. */
export function facts(all: { readonly [field: string]: Fact | undefined }): Facts {
  const known: Record<string, Fact> = {};
  for (const [field, fact] of Object.entries(all)) if (fact !== undefined) known[field] = fact;
  return known;
}
