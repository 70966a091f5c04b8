import { decodePem, encodePem } from '@mayfly/der/pem';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { RotationError } from '../errors.js';
import type { Authority } from './succession.js';

const STATES = ['prepared', 'active', 'retiring'] as const;

/** Writes the state of a succession as JSON, one certificate in PEM per authority; no key is part of it. */
export function encodeAuthorities(authorities: readonly Authority[]): string {
  const rows = authorities.map(({ certificate, state, since, lastLeafNotAfter }) => ({
    state,
    since,
    lastLeafNotAfter,
    certificate: encodePem('CERTIFICATE', certificate.der),
  }));
  return `${JSON.stringify({ version: 1, authorities: rows }, undefined, 2)}\n`;
}

/**
 * Reads what {@link encodeAuthorities} writes.
 * @throws {@link RotationError} `ERR_ROTATION_STATE` with the place of what is wrong.
 */
export function parseAuthorities(json: string): readonly Authority[] {
  let state: unknown;
  try {
    state = JSON.parse(json);
  } catch (cause) {
    throw broken('the text', 'it is not JSON', cause);
  }
  if (!isRecord(state) || state['version'] !== 1) throw broken('version', 'expected 1');
  const rows = state['authorities'];
  if (!Array.isArray(rows)) throw broken('authorities', 'expected an array');
  const authorities = rows.map((row, i) => parseAuthority(row, `authorities[${i}]`));
  if (authorities.filter((authority) => authority.state === 'active').length > 1)
    throw broken('authorities', 'more than one is active');
  return authorities;
}

function parseAuthority(row: unknown, place: string): Authority {
  if (!isRecord(row)) throw broken(place, 'expected an object');
  const state = STATES.find((name) => name === row['state']);
  if (state === undefined) throw broken(`${place}.state`, `expected one of ${STATES.join(', ')}`);
  return {
    certificate: parseAnchor(row['certificate'], `${place}.certificate`),
    state,
    since: parseSeconds(row['since'], `${place}.since`),
    lastLeafNotAfter: parseSeconds(row['lastLeafNotAfter'], `${place}.lastLeafNotAfter`),
  };
}

function parseAnchor(pem: unknown, place: string): Certificate {
  if (typeof pem !== 'string') throw broken(place, 'expected PEM');
  try {
    return parseCertificate(decodePem(pem, 'CERTIFICATE'));
  } catch (cause) {
    throw broken(place, cause instanceof Error ? cause.message : 'not a certificate', cause);
  }
}

function parseSeconds(value: unknown, place: string): number {
  if (!Number.isSafeInteger(value) || typeof value !== 'number' || value < 0)
    throw broken(place, 'expected whole seconds, 0 or more');
  return value;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const broken = (place: string, state: string, cause?: unknown): RotationError =>
  new RotationError('ERR_ROTATION_STATE', `Cannot read the authorities at ${place}: ${state}`, { cause });
