import type { CompiledProfile, IssuanceRequest, Issued, Prepared, Surroundings } from './compile.js';
import { CaError } from './errors.js';
import type { Issuer, SyncIssuer } from './issuer.js';
import { lint } from './lint.js';
import { type Allocate, ownMemory } from './memory.js';
import { complete, prepareWith } from './prepare.js';
import { SerialNumbers } from './serial-numbers.js';

/**
 * Issues one certificate: prepare, lint, sign, verify when the issuer brings a verifier, complete.
 * @throws {@link CaError} `ERR_CA_LINT` or `ERR_CA_SIGNATURE` when a fault of ours or of the key was caught before
 * anything left; `ERR_CA_ISSUER_EXPIRING`, `ERR_CA_REQUEST` as {@link prepare}. What the key throws passes through.
 */
export async function issue(
  compiled: CompiledProfile,
  request: IssuanceRequest,
  around: Surroundings,
): Promise<Issued> {
  const prepared = prepareLinted(compiled, request, around);
  return completeVerified(compiled, prepared, await compiled.issuer.key.sign(prepared.tbsCertificate));
}

/**
 * {@link issue} for a key that signs without waiting.
 * @throws TypeError when the issuer's verifier answers with a promise.
 */
export function issueSync(
  compiled: CompiledProfile<SyncIssuer>,
  request: IssuanceRequest,
  around: Surroundings,
): Issued {
  const prepared = prepareLinted(compiled, request, around);
  return completeVerifiedSync(compiled, prepared, compiled.issuer.key.sign(prepared.tbsCertificate));
}

/**
 * Builds what is to be signed and lints it.
 * @throws {@link CaError} `ERR_CA_LINT`, and as {@link prepare}.
 */
export function prepareLinted(
  compiled: CompiledProfile,
  request: IssuanceRequest,
  around: Surroundings,
  serials: SerialNumbers = new SerialNumbers(around, 1),
  allocate: Allocate = ownMemory,
): Prepared {
  const prepared = prepareWith(compiled, request, around, serials, allocate);
  const finding = lint(compiled, prepared, around.now());
  if (finding === undefined) return prepared;
  const { rule, message } = finding;
  throw new CaError('ERR_CA_LINT', `Refusing to sign, ${rule}: ${message}`, { rule });
}

/**
 * Completes a certificate whose signature the issuer's verifier accepts, if it brings one.
 * @throws {@link CaError} `ERR_CA_SIGNATURE`. What the verifier throws passes through.
 */
export async function completeVerified(
  compiled: CompiledProfile,
  prepared: Prepared,
  signatureValue: Uint8Array,
  allocate?: Allocate,
): Promise<Issued> {
  const good = verified(compiled.issuer, prepared, signatureValue);
  requireGood(typeof good === 'boolean' ? good : await good, prepared);
  return complete(compiled, prepared, signatureValue, allocate);
}

/**
 * {@link completeVerified} for a verifier that answers without waiting.
 * @throws TypeError when it answers with a promise.
 */
export function completeVerifiedSync(
  compiled: CompiledProfile,
  prepared: Prepared,
  signatureValue: Uint8Array,
  allocate?: Allocate,
): Issued {
  const good = verified(compiled.issuer, prepared, signatureValue);
  if (typeof good !== 'boolean') throw new TypeError('Cannot issue synchronously: the verifier answers with a promise');
  requireGood(good, prepared);
  return complete(compiled, prepared, signatureValue, allocate);
}

const verified = (
  { key, certificate, verify }: Issuer,
  { tbsCertificate }: Prepared,
  signatureValue: Uint8Array,
): boolean | Promise<boolean> =>
  verify === undefined ||
  verify(
    { tbs: tbsCertificate, signatureAlgorithm: key.signatureAlgorithm, signatureValue },
    certificate.subjectPublicKeyInfo,
  );

function requireGood(good: boolean, { serialNumber }: Prepared): void {
  if (!good)
    throw new CaError(
      'ERR_CA_SIGNATURE',
      `Refusing to hand out ${serialNumber.toString(16)}: the signature does not verify`,
    );
}
