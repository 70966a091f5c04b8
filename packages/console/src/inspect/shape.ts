import type { Field } from './field.js';

/** A part of a structure by its name in the RFC, and how it is read. */
export interface Member {
  readonly name: string;
  /** Identifier octet, where it tells which member this is. */
  readonly tag?: number;
  readonly optional?: boolean;
  /** How it is read; a function where that depends on what stands before it. */
  readonly shape?: Shape | ((before: readonly Field[]) => Shape | undefined);
}

/** How an element is read. What is left out is read as ASN.1 without names. */
export interface Shape {
  /** Of a SEQUENCE or SET. */
  readonly members?: readonly Member[];
  /** Of every element of a SEQUENCE OF or SET OF. */
  readonly each?: Shape;
  /** A CHOICE by tag: what the element is then called. */
  readonly choice?: readonly Member[];
  /** What an EXPLICIT tag or a string is wrapped around: one element, shown as one with its wrapper. */
  readonly inside?: Shape;
  /** Universal type of a primitive under an IMPLICIT tag. */
  readonly type?: number;
  /** What is shown instead of what the type gives. */
  readonly text?: (der: Uint8Array, children: readonly Field[]) => string | undefined;
  /** A better name than that of the member. */
  readonly label?: (children: readonly Field[]) => string | undefined;
  /** Whether its octets are not to be shown unasked. */
  readonly isSecret?: boolean;
}

/** The text of a child. */
export const textOf = (children: readonly Field[], name: string): string | undefined =>
  children.find((child) => child.name === name)?.text;

/** The dotted OID of a child. */
export const oidOf = (children: readonly Field[], name: string): string | undefined =>
  children.find((child) => child.name === name)?.oid;
