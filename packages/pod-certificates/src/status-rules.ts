import { DerError, equalBytes, type Seconds } from '@mayfly/der';
import type { PemBlock } from '@mayfly/der/pem';
import { type Certificate, parseCertificate, X509Error } from '@mayfly/x509';
import { subjectAltName } from '@mayfly/x509/extensions';
import type { GeneralName } from '@mayfly/x509/general-name';
import {
  byteLength,
  duplicate,
  type FieldError,
  invalid,
  notSupported,
  required,
  tooLong,
  wrongType,
} from './field-error.js';
import { conditionFields, requestStatusFields, typeErrors } from './fields.js';
import { isObject, type JsonObject, sameJson, textMember } from './json.js';
import type { Limits } from './limits.js';
import { isMailAddress } from './mail-address.js';
import { labelKeyFaults, mismatch } from './names.js';
import { applyRules, type Rule } from './rule.js';
import { parseServerPem } from './server-pem.js';
import { parseTimestamp } from './timestamp.js';
import type { TerminalCondition } from './types.js';

/** Longest certificate chain, in octets of PEM. */
const MAX_CHAIN = 100 * 1024;
/** How far `notBefore` stays from the server's clock, on either side and exclusive. */
const CLOCK_TOLERANCE: Seconds = 300;
const MAX_REASON = 1024;
const MAX_MESSAGE = 32_768;
const REASON = /^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const REASON_DETAIL = /* @__PURE__ */ mismatch(
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'",
  '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?',
  ...['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'],
);
const STATUSES: readonly string[] = ['False', 'True', 'Unknown'];
const TERMINAL: readonly TerminalCondition[] = ['Issued', 'Denied', 'Failed'];

/** What the rules for a status look at. */
export interface StatusContext {
  readonly oldStatus: JsonObject;
  readonly newStatus: JsonObject;
  /** DER of the key that the request asked a certificate for. */
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly maxExpirationSeconds: Seconds;
  /** The API server's clock. */
  readonly now: Seconds;
  readonly limits: Limits;
}

/** Everything that kube-apiserver refuses in an update of `/status`; nothing when it would be accepted. */
export function validateStatusUpdate(context: StatusContext): readonly FieldError[] {
  const errors = applyRules(conditionRules, context);
  if (errors.length > 0) return errors;
  if (terminalOf(context.oldStatus) !== undefined)
    return frozen(context, 'immutable after PodCertificateRequest is issued, denied, or failed');
  switch (terminalOf(context.newStatus)) {
    case undefined:
      return frozen(context, 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"');
    case 'Issued':
      return applyRules(issuedRules, readIssued(context));
    default:
      return sameJson({ ...context.newStatus, conditions: undefined }, {})
        ? []
        : [
            invalid(
              'status',
              undefined,
              'non-condition status fields must be empty when denying or failing the PodCertificateRequest',
            ),
          ];
  }
}

/** Rules for `status.conditions`, whatever the state; the first three are asked before anything else is looked at. */
export const conditionRules: readonly Rule<StatusContext>[] = [
  {
    name: 'the members have their types, conditions are a list of objects',
    last: 'own',
    check({ newStatus }) {
      const list = newStatus['conditions'] ?? [];
      if (!Array.isArray(list)) return [wrongType('status.conditions', 'a list')];
      const conditions = list.flatMap((condition, index) => {
        const path = `status.conditions[${index}]`;
        return isObject(condition) ? typeErrors(condition, conditionFields, path) : [wrongType(path, 'an object')];
      });
      return [...conditions, ...typeErrors(newStatus, requestStatusFields, 'status')];
    },
  },
  {
    name: 'at most one of Issued, Denied and Failed, with status "True", and no other type',
    check({ newStatus }) {
      let known = 0;
      return conditionsOf(newStatus).flatMap((condition, index) => {
        const path = `status.conditions.[${index}]`; // with the dot that the API server writes there
        const type = textMember(condition, 'type');
        if (!(TERMINAL as readonly string[]).includes(type)) return [notSupported(`${path}.type`, type, TERMINAL)];
        const status = textMember(condition, 'status');
        return [
          ...(++known > 1
            ? [
                invalid(
                  `${path}.type`,
                  type,
                  'There may be at most one condition with type "Issued", "Denied", or "Failed"',
                ),
              ]
            : []),
          ...(status === 'True' ? [] : [notSupported(`${path}.status`, status, ['True'])]),
        ];
      });
    },
  },
  {
    name: 'no type twice; type, status, lastTransitionTime, reason and message are well-formed',
    check({ newStatus }) {
      const types = new Set<string>();
      return conditionsOf(newStatus).flatMap((condition, index) => {
        const path = `status.conditions[${index}]`;
        const type = textMember(condition, 'type');
        const isSecond = types.has(type);
        types.add(type);
        return [...(isSecond ? [duplicate(`${path}.type`, type)] : []), ...formErrors(condition, path)];
      });
    },
  },
];

/** What Kubernetes asks of any condition of any kind. */
function formErrors(condition: JsonObject, path: string): readonly FieldError[] {
  const type = textMember(condition, 'type');
  const status = textMember(condition, 'status');
  const reason = textMember(condition, 'reason');
  const at = condition['lastTransitionTime'] ?? undefined;
  return [
    ...labelKeyFaults(type).map((fault) => invalid(`${path}.type`, type, fault)),
    ...(STATUSES.includes(status) ? [] : [notSupported(`${path}.status`, status, STATUSES)]),
    ...(at === undefined ? [required(`${path}.lastTransitionTime`, '')] : []),
    ...(reason === ''
      ? [required(`${path}.reason`, '')]
      : REASON.test(reason)
        ? []
        : [invalid(`${path}.reason`, reason, REASON_DETAIL)]),
    ...(byteLength(reason) > MAX_REASON ? [tooLong(`${path}.reason`, MAX_REASON)] : []),
    ...(byteLength(textMember(condition, 'message')) > MAX_MESSAGE ? [tooLong(`${path}.message`, MAX_MESSAGE)] : []),
  ];
}

/** What the acceptance rules for `Issued` look at: the status with its chain read once. */
export interface IssuedContext extends StatusContext {
  readonly chain: string;
  readonly blocks: readonly PemBlock[];
  /** The first block when it is a certificate that parses. */
  readonly leaf: Certificate | undefined;
  readonly leafNames: readonly GeneralName[] | undefined;
}

const CHAIN = 'status.certificateChain';

const timeRule = (member: 'notBefore' | 'notAfter', certificateField: string): Rule<IssuedContext> => ({
  name: `status.${member} is the leaf's`,
  last: 'own',
  check: ({ newStatus, leaf }) =>
    parseTimestamp(newStatus[member]) === leaf!.validity[member]
      ? []
      : [
          invalid(
            `status.${member}`,
            textMember(newStatus, member),
            `must be set to the ${certificateField} time encoded in the leaf certificate`,
          ),
        ],
});

/** The acceptance rules for `Issued`, in the order in which the API server asks them. */
export const issuedRules: readonly Rule<IssuedContext>[] = [
  {
    name: 'the chain has 100 KiB at most',
    last: 'own',
    check: ({ chain }) => (byteLength(chain) > MAX_CHAIN ? [tooLong(CHAIN, MAX_CHAIN)] : []),
  },
  {
    name: 'the chain has a first block, a CERTIFICATE that parses',
    last: 'own',
    check({ chain, blocks, leaf, leafNames }) {
      if (blocks[0] === undefined)
        return [invalid(CHAIN, chain, 'issued certificate chain must contain at least one certificate')];
      if (blocks[0].label !== 'CERTIFICATE')
        return [invalid(CHAIN, chain, 'issued certificate chain must consist entirely of CERTIFICATE PEM blocks')];
      return leaf === undefined || leafNames === undefined
        ? [invalid(CHAIN, chain, 'leaf certificate does not parse as valid X.509')]
        : [];
    },
  },
  {
    name: 'dNSNames of the leaf are not empty and have no empty label',
    check: ({ leafNames }) =>
      leafNames!.flatMap((name) => {
        if (name.type !== 'dNSName') return [];
        const { value } = name;
        return [
          ...(value === '' ? [invalid(CHAIN, value, 'leaf certificate should not contain empty DNSName')] : []),
          ...(value.includes('..')
            ? [invalid(CHAIN, value, "leaf certificate's DNSName should not contain '..'")]
            : []),
          ...(value.startsWith('.') || value.endsWith('.')
            ? [invalid(CHAIN, value, "leaf certificate's DNSName should not start or end with '.'")]
            : []),
        ];
      }),
  },
  {
    name: 'rfc822Names of the leaf are mail addresses',
    check: ({ leafNames }) =>
      leafNames!.flatMap((name) =>
        name.type === 'rfc822Name' && !isMailAddress(name.value)
          ? [invalid(CHAIN, name.value, 'leaf certificate should not contain invalid EmailAddress')]
          : [],
      ),
  },
  {
    name: 'the leaf has the key that was requested',
    last: 'own',
    check: ({ chain, leaf, subjectPublicKeyInfo }) =>
      equalBytes(leaf!.subjectPublicKeyInfo, subjectPublicKeyInfo)
        ? []
        : [invalid(CHAIN, chain, 'leaf certificate was not issued to the requested public key')],
  },
  {
    name: 'the three times are present',
    last: 'any',
    check: ({ newStatus }) => [
      ...timeErrors(newStatus, 'notBefore', 'must be present and consistent with the issued certificate'),
      ...timeErrors(newStatus, 'notAfter', 'must be present and consistent with the issued certificate'),
      ...timeErrors(newStatus, 'beginRefreshAt', 'must be present and in the range [notbefore+10min, notafter-10min]'),
    ],
  },
  /* @__PURE__ */ timeRule('notBefore', 'NotBefore'),
  {
    name: "notBefore is strictly within 5 minutes of the server's clock",
    last: 'own',
    check: ({ newStatus, leaf, now }) =>
      Math.abs(leaf!.validity.notBefore - now) < CLOCK_TOLERANCE
        ? []
        : [
            invalid(
              'status.notBefore',
              textMember(newStatus, 'notBefore'),
              "must be set to within 5 minutes of kube-apiserver's current time",
            ),
          ],
  },
  /* @__PURE__ */ timeRule('notAfter', 'NotAfter'),
  {
    name: 'notAfter - notBefore is from the floor to spec.maxExpirationSeconds',
    last: 'own',
    check({ leaf, limits, maxExpirationSeconds }) {
      const lifetime = leaf!.validity.notAfter - leaf!.validity.notBefore;
      const { minExpirationSeconds } = limits;
      const nanoseconds = BigInt(lifetime) * 1_000_000_000n; // as Go's durations count
      if (lifetime < minExpirationSeconds) {
        const floor = minExpirationSeconds === 3600 ? '1 hour' : `${minExpirationSeconds} seconds`;
        return [invalid(CHAIN, nanoseconds, `leaf certificate lifetime must be >= ${floor}`)];
      }
      return lifetime <= maxExpirationSeconds
        ? []
        : [
            invalid(
              CHAIN,
              nanoseconds,
              `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${maxExpirationSeconds})`,
            ),
          ];
    },
  },
  {
    name: 'beginRefreshAt keeps its margin from both ends',
    last: 'own',
    check({ newStatus, leaf, limits: { refreshMargin } }) {
      const at = parseTimestamp(newStatus['beginRefreshAt'])!;
      const { notBefore, notAfter } = leaf!.validity;
      const margin = refreshMargin === 600 ? '10 minutes' : `${refreshMargin} seconds`;
      const side =
        at < notBefore + refreshMargin
          ? 'after status.notBefore'
          : at > notAfter - refreshMargin
            ? 'before status.notAfter'
            : undefined;
      return side === undefined
        ? []
        : [
            invalid(
              'status.beginRefreshAt',
              textMember(newStatus, 'beginRefreshAt'),
              `must be at least ${margin} ${side}`,
            ),
          ];
    },
  },
  {
    name: 'every later block is a CERTIFICATE that parses',
    check({ chain, blocks }) {
      for (const block of blocks.slice(1)) {
        if (block.label !== 'CERTIFICATE')
          return [
            // Misspelt as the API server has it.
            invalid(CHAIN, chain, 'issued certificate chain must consist entirely of CERTFICATE PEM blocks'),
          ];
        if (readCertificate(block) === undefined)
          return [invalid(CHAIN, chain, 'intermediate certificate does not parse as valid X.509')];
      }
      return [];
    },
  },
];

function readIssued(context: StatusContext): IssuedContext {
  const chain = textMember(context.newStatus, 'certificateChain');
  const blocks = parseServerPem(chain);
  const leaf = blocks[0]?.label === 'CERTIFICATE' ? readCertificate(blocks[0]) : undefined;
  return { ...context, chain, blocks, leaf, leafNames: leaf && readNames(leaf) };
}

function readCertificate({ bytes }: PemBlock): Certificate | undefined {
  try {
    return parseCertificate(bytes);
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined;
    throw error;
  }
}

/** The names of a certificate, none when it has no subjectAltName; `undefined` when they are malformed. */
function readNames(certificate: Certificate): readonly GeneralName[] | undefined {
  try {
    return subjectAltName(certificate) ?? [];
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined;
    throw error;
  }
}

function timeErrors(status: JsonObject, member: string, detail: string): readonly FieldError[] {
  return (status[member] ?? undefined) === undefined ? [required(`status.${member}`, detail)] : [];
}

/** The list under `conditions`; that it holds objects is the first rule. */
function conditionsOf(status: JsonObject): readonly JsonObject[] {
  const list = status['conditions'];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

const terminalOf = (status: JsonObject): TerminalCondition | undefined =>
  TERMINAL.find((type) =>
    conditionsOf(status).some((condition) => condition['type'] === type && condition['status'] === 'True'),
  );

const frozen = ({ oldStatus, newStatus }: StatusContext, detail: string): readonly FieldError[] =>
  sameJson(oldStatus, newStatus) ? [] : [invalid('status', undefined, detail)];
