import { join } from 'node:path';
import {
  CaError,
  type CompiledProfile,
  compile,
  grantedValidity,
  type IssuanceRequest,
  type IssueResult,
  issueMany,
  type Profile,
  type Surroundings,
} from '@mayfly/ca';
import { podClient, podPeer, podServer } from '@mayfly/ca/profiles';
import { formatDuration, type Seconds, toHex } from '@mayfly/der';
import { decodePem, encodePem } from '@mayfly/der/pem';
import { trustBundlePrefix } from '@mayfly/pod-certificates';
import type { PodCertificateApi } from '@mayfly/pod-certificates/api';
import { type Clock, sleepFor } from '@mayfly/rotation';
import {
  type Authority,
  activate,
  encodeAuthorities,
  minAuthorityLifetime,
  nextStep,
  parseAuthorities,
  prepare,
  recordLeaf,
  retire,
  type Step,
  type SuccessionPolicy,
  signingAuthority,
  trustAnchors,
} from '@mayfly/rotation/authorities';
import { type FileOperations, readFileIfThere, writeFileAtomic } from '@mayfly/rotation/fs';
import type { Certificate } from '@mayfly/x509';
import { subjectKeyIdentifier } from '@mayfly/x509/extensions';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { CliError, messageOf } from '../errors.js';
import type { Usage } from '../manifests/annotations.js';
import type { Emit } from './event.js';
import { createGeneration } from './generation.js';
import type { Keys, LocalKey } from './keys.js';
import { makePrivateDirectory } from './private-directory.js';

/** How the authority of a local signer lives. */
export interface LocalAuthorityOptions {
  /** Where keys and state are kept; made when missing, private. */
  readonly directory: string;
  readonly files: FileOperations;
  readonly keys: Keys;
  readonly signerName: string;
  readonly api: Pick<PodCertificateApi, 'applyTrustBundle'>;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Seconds that an authority's certificate is valid. */
  readonly lifetime: Seconds;
  /** Seconds before now that certificates begin. */
  readonly backdate: Seconds;
  readonly succession: SuccessionPolicy;
  readonly emit: Emit;
}

/** The authority of one signer name, through all its generations. */
export interface LocalAuthority {
  readonly signerName: string;
  /** The authorities of now, those that sign no more included. */
  generations(): readonly Authority[];
  /** What its succession does next. */
  next(): { readonly at: Seconds; readonly step: Step['type'] };
  /**
   * @throws {@link CaError} `ERR_CA_ISSUER_EXPIRING` while no generation may sign, and while the clock stands further
   * before what it has shown than certificates are backdated.
   */
  compiled(usage: Usage): CompiledProfile;
  /** Notes that the certificates will be out there before they are signed, then signs them. */
  issueMany(
    compiled: CompiledProfile,
    requests: readonly IssuanceRequest[],
    around: Surroundings,
  ): Promise<readonly IssueResult[]>;
  /** Succeeds generation by generation until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

/** Longest lifetime of a leaf that any profile grants: the 91 days of Kubernetes. */
const MAX_LEAF_LIFETIME: Seconds = 7_862_400;
/** A moment that may pass between judging a request and building its certificate. */
const ISSUE_TOLERANCE: Seconds = 60;
const AUTHORITIES = 'authorities.json';
/** Holds the latest time, in seconds, at which the state was written. */
const CLOCK = 'clock';

/** Name of the ClusterTrustBundle of a local signer's authority. */
export const ownBundleName = (signerName: string): string => `${trustBundlePrefix(signerName)}mayfly`;

/**
 * Opens the authority of a signer, making its first generation when there is none. Its bundle is published when this
 * resolves.
 * @throws {@link CliError} `ERR_CLI_STATE` for keys and state that cannot be used.
 */
export async function openLocalAuthority(options: LocalAuthorityOptions): Promise<LocalAuthority> {
  const { directory, files, signerName, clock, succession, lifetime, emit } = options;
  if (lifetime < minAuthorityLifetime(succession))
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot let an authority live ${lifetime} s: certificates of ${succession.maxLeafLifetime} s need one of ${minAuthorityLifetime(succession)} s or more; see --ca-lifetime`,
    );
  await makePrivateDirectory(files, directory);
  let authorities = await loadAuthorities(directory, files);
  let keys = await loadKeys(directory, authorities, options);
  let latest = await loadClock(directory, files);
  let compiledProfiles = new Map<string, CompiledProfile>();
  /** Changes of the state happen one after the other, and are on disk before anything follows from them. */
  let tail: Promise<unknown> = Promise.resolve();
  const change = (next: (now: readonly Authority[]) => readonly Authority[]): Promise<void> => {
    const done = tail.then(async () => {
      const changed = next(authorities);
      if (changed === authorities) return;
      const bytes = new TextEncoder().encode(encodeAuthorities(changed));
      await writeFileAtomic(join(directory, AUTHORITIES), bytes, 0o600, { files });
      authorities = changed;
      latest = Math.max(latest, clock.now());
      await writeFileAtomic(join(directory, CLOCK), new TextEncoder().encode(`${latest}\n`), 0o600, { files });
    });
    tail = done.catch(() => {
      // Whoever asked for the change gets the error; the next change starts from the state before it.
    });
    return done;
  };

  /** Whether the bundle that is out there may name an authority that has retired. */
  let isBundleStale = false;
  const publish = async (anchors: readonly Certificate[]): Promise<void> => {
    await options.api.applyTrustBundle({
      metadata: {
        name: ownBundleName(signerName),
        labels: { 'app.kubernetes.io/managed-by': 'mayfly' },
      },
      spec: {
        signerName,
        trustBundle: anchors.map(({ der }) => encodePem('CERTIFICATE', der)).join(''),
      },
    });
    isBundleStale = false;
  };

  const makeGeneration = async (): Promise<Certificate> => {
    const { certificate, key } = await createGeneration({ ...options, now: clock.now() });
    const pkcs8 = key.exportPkcs8();
    try {
      const bytes = new TextEncoder().encode(encodePem('PRIVATE KEY', pkcs8));
      await writeFileAtomic(keyPath(directory, certificate), bytes, 0o600, { files });
    } finally {
      pkcs8.fill(0);
    }
    keys = new Map([...keys, [certificate.serialNumber, key]]);
    return certificate;
  };

  const forgetKey = async (certificate: Certificate): Promise<void> => {
    keys.get(certificate.serialNumber)?.destroy?.();
    keys = new Map([...keys].filter(([serialNumber]) => serialNumber !== certificate.serialNumber));
    // A file that is left behind signs nothing that anybody trusts.
    await files.unlink(keyPath(directory, certificate)).catch(() => {});
  };

  /** Takes every step that is due; returns when the next one is. */
  const advance = async (): Promise<Seconds> => {
    if (isBundleStale) await publish(trustAnchors(authorities));
    for (;;) {
      const now = clock.now();
      const step = nextStep(authorities, succession, now);
      if (step.type === 'wait') return step.until;
      if (step.type === 'prepare') {
        const first = authorities.length === 0;
        const certificate = await makeGeneration();
        // Published before it is noted: its time to reach everybody begins when the bundle is out there, not before.
        try {
          await publish([...trustAnchors(authorities), certificate]);
        } catch (error) {
          await forgetKey(certificate);
          throw error;
        }
        await change((current) => prepare(current, certificate, clock.now()));
        announce(
          first ? 'AuthorityCreated' : 'AuthorityPrepared',
          certificate,
          first ? 'signs' : 'is in the trust bundle and will sign next',
        );
      } else if (step.type === 'activate') {
        const succeeds = authorities.length > 1;
        await change((current) => activate(current, step.authority, succession, now));
        if (succeeds) announce('AuthorityActivated', step.authority.certificate, 'signs from now on');
      } else {
        await change((current) => retire(current, step.authority, succession, now));
        isBundleStale = true;
        await forgetKey(step.authority.certificate);
        await publish(trustAnchors(authorities));
        announce(
          'AuthorityRetired',
          step.authority.certificate,
          'has left the trust bundle: all that it signed has expired',
        );
      }
    }
  };

  const announce = (
    reason: 'AuthorityCreated' | 'AuthorityPrepared' | 'AuthorityActivated' | 'AuthorityRetired',
    certificate: Certificate,
    what: string,
  ): void =>
    emit({
      type: 'Normal',
      reason,
      signerName,
      serialNumber: certificate.serialNumber.toString(16),
      notAfter: certificate.validity.notAfter,
      message: `Authority ${certificate.serialNumber.toString(16).slice(0, 8)} of ${signerName} ${what}`,
    });

  await advance();
  await publish(trustAnchors(authorities));

  return {
    signerName,
    generations: () => authorities,
    next() {
      const step = nextStep(authorities, succession, clock.now());
      if (step.type !== 'wait') return { at: clock.now(), step: step.type };
      return { at: step.until, step: nextStep(authorities, succession, step.until).type };
    },
    compiled(usage) {
      const now = clock.now();
      // Backdating covers small steps; beyond it nobody knows when what is signed now begins.
      if (now < latest - options.backdate)
        throw new CaError(
          'ERR_CA_ISSUER_EXPIRING',
          `Cannot sign for ${signerName}: the clock was set back by ${formatDuration(latest - now)}; set it right, or if it was wrong before, remove ${directory} to begin a new authority`,
        );
      latest = Math.max(latest, now);
      const authority = signingAuthority(authorities, succession, now);
      const key = authority && keys.get(authority.certificate.serialNumber);
      if (authority === undefined || key === undefined) {
        const state = 'its next authority is not active yet';
        throw new CaError('ERR_CA_ISSUER_EXPIRING', `Cannot sign for ${signerName}: ${state}`);
      }
      const cacheKey = `${usage} ${authority.certificate.serialNumber}`;
      const cached = compiledProfiles.get(cacheKey);
      if (cached !== undefined) return cached;
      const compiled = compile(profileOf(usage, options.backdate), {
        certificate: authority.certificate,
        chain: [],
        key,
        verify: options.keys.verify,
      });
      compiledProfiles = new Map(
        [...compiledProfiles].filter(([name]) => name.endsWith(` ${authority.certificate.serialNumber}`)),
      );
      compiledProfiles.set(cacheKey, compiled);
      return compiled;
    },
    async issueMany(compiled, requests, around) {
      const { certificate } = compiled.issuer;
      const now = around.now();
      const refused = new Map<IssuanceRequest, unknown>();
      let notAfter = 0;
      for (const request of requests)
        try {
          notAfter = Math.max(notAfter, grantedValidity(compiled, request, now).notAfter);
        } catch (error) {
          refused.set(request, error);
        }
      const latest = Math.min(notAfter + ISSUE_TOLERANCE, certificate.validity.notAfter);
      await change((current) => {
        const signer = current.find((authority) => authority.certificate.serialNumber === certificate.serialNumber);
        if (signer?.state !== 'active')
          throw new CaError(
            'ERR_CA_ISSUER_EXPIRING',
            `Cannot sign for ${signerName}: another authority has taken over`,
          );
        // Room for many certificates at once: the next write is due when one ends later than this.
        return notAfter <= signer.lastLeafNotAfter ? current : recordLeaf(current, signer, latest);
      });
      const results = await issueMany(
        compiled,
        requests.filter((request) => !refused.has(request)),
        around,
      );
      let next = 0;
      return requests.map((request) =>
        refused.has(request) ? { ok: false, error: refused.get(request) } : results[next++]!,
      );
    },
    async run(signal) {
      while (!signal.aborted) {
        let next: Seconds;
        try {
          next = await advance();
        } catch (error) {
          emit({
            type: 'Warning',
            reason: 'SignerRetries',
            signerName,
            message: `The authority of ${signerName} cannot be renewed: ${messageOf(error)}`,
          });
          next = clock.now() + 10;
        }
        await sleepFor(clock, next - clock.now(), signal);
      }
    },
  };
}

const profileOf = (usage: Usage, backdate: Seconds): Profile => {
  const make = { client: podClient, server: podServer, peer: podPeer }[usage];
  return make({ backdate, maxLifetime: MAX_LEAF_LIFETIME });
};

const keyPath = (directory: string, { serialNumber }: Certificate): string =>
  join(directory, `${serialNumber.toString(16).padStart(2, '0')}.key`);

async function loadAuthorities(directory: string, files: FileOperations): Promise<readonly Authority[]> {
  const path = join(directory, AUTHORITIES);
  const bytes = await readFileIfThere(path, files);
  if (bytes === undefined) return [];
  try {
    return parseAuthorities(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw broken(path, cause);
  }
}

async function loadClock(directory: string, files: FileOperations): Promise<Seconds> {
  const path = join(directory, CLOCK);
  const bytes = await readFileIfThere(path, files);
  if (bytes === undefined) return 0;
  const text = new TextDecoder().decode(bytes);
  if (!/^\d{1,15}\n$/.test(text)) throw broken(path, new Error('it holds no time'));
  return Number(text);
}

async function loadKeys(
  directory: string,
  authorities: readonly Authority[],
  { files, keys: { fromPkcs8 } }: Pick<LocalAuthorityOptions, 'files' | 'keys'>,
): Promise<ReadonlyMap<bigint, LocalKey>> {
  const keys = new Map<bigint, LocalKey>();
  for (const { certificate, state } of authorities) {
    const path = keyPath(directory, certificate);
    const bytes = await readFileIfThere(path, files);
    if (bytes === undefined) {
      if (state === 'retiring') continue;
      throw broken(path, new Error('no such file'));
    }
    try {
      const pkcs8 = decodePem(new TextDecoder().decode(bytes), 'PRIVATE KEY');
      const key = fromPkcs8(pkcs8);
      pkcs8.fill(0);
      bytes.fill(0);
      if (
        toHex(rfc7093KeyIdentifier(key.subjectPublicKeyInfo)) !==
        toHex(subjectKeyIdentifier(certificate) ?? new Uint8Array())
      )
        throw new Error('it is the key of another authority');
      keys.set(certificate.serialNumber, key);
    } catch (cause) {
      throw broken(path, cause);
    }
  }
  return keys;
}

const broken = (path: string, cause: unknown): CliError =>
  new CliError(
    'ERR_CLI_STATE',
    `Cannot use ${path}: ${messageOf(cause)}; restore it from a copy, or remove ${path.slice(0, path.lastIndexOf('/'))} to begin a new authority, which nobody trusts until its ca.crt has reached them`,
    { cause },
  );
