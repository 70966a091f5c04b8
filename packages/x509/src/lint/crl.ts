import type { CertificateList } from '../crl/certificate-list.js';
import { type RevokedCertificate, revokedCertificates } from '../crl/entries.js';
import { authorityKeyIdentifier, idCeAuthorityKeyIdentifier } from '../extensions/authority-key-identifier.js';
import { cRLNumber, idCeCRLNumber } from '../extensions/crl-number.js';
import { deltaCRLIndicator, idCeDeltaCRLIndicator } from '../extensions/delta-crl-indicator.js';
import { findExtension } from '../extensions/find-extension.js';
import { freshestCRL } from '../extensions/freshest-crl.js';
import { idCeIssuingDistributionPoint, issuingDistributionPoint } from '../extensions/issuing-distribution-point.js';
import { idCeCRLReasons, reasonCode } from '../extensions/reason-code.js';
import { parseName } from '../name/codec.js';
import { type Lint, type LintFault, type LintFinding, runLints } from './lint.js';
import { isEmptyName } from './names.js';

const fault = (path: string, message: string): LintFault => ({ path, message });

/** The first entry that is wrong. */
function lintEntries(
  crl: CertificateList,
  isWrong: (entry: RevokedCertificate) => string | undefined,
): LintFault | undefined {
  let i = 0;
  for (const entry of revokedCertificates(crl)) {
    const message = isWrong(entry);
    if (message !== undefined) return fault(`revokedCertificates[${i}]`, message);
    i++;
  }
  return undefined;
}

const mustBe = (crl: CertificateList, extnID: string, name: string, expected: boolean): LintFault | undefined => {
  const found = findExtension(crl, extnID)?.critical;
  if (found === undefined || found === expected) return undefined;
  return fault(`crlExtensions.${name}.critical`, expected ? 'is not critical' : 'is critical');
};

/** Every lint of a revocation list. */
export const crlLints: readonly Lint<CertificateList>[] = [
  {
    id: 'crl-version',
    source: 'RFC 5280 §5.1.2.1',
    severity: 'error',
    check: ({ version }) => (version === 2 ? undefined : fault('version', 'v1, not v2')),
  },
  {
    id: 'crl-issuer',
    source: 'RFC 5280 §5.1.2.3',
    severity: 'error',
    check: ({ issuer }) =>
      parseName(issuer).length === 0 || isEmptyName(issuer) ? fault('issuer', 'is empty') : undefined,
  },
  {
    id: 'crl-next-update',
    source: 'RFC 5280 §5.1.2.5',
    severity: 'error',
    check: ({ thisUpdate, nextUpdate }) =>
      nextUpdate === undefined
        ? fault('nextUpdate', 'is missing')
        : nextUpdate <= thisUpdate
          ? fault('nextUpdate', 'is not after thisUpdate')
          : undefined,
  },
  {
    id: 'crl-number',
    source: 'RFC 5280 §5.2.3',
    severity: 'error',
    check: (crl) =>
      cRLNumber(crl) === undefined
        ? fault('crlExtensions.cRLNumber', 'is missing')
        : mustBe(crl, idCeCRLNumber, 'cRLNumber', false),
  },
  {
    id: 'crl-authority-key-identifier',
    source: 'RFC 5280 §5.2.1',
    severity: 'error',
    check: (crl) =>
      authorityKeyIdentifier(crl)?.keyIdentifier === undefined
        ? fault('crlExtensions.authorityKeyIdentifier', 'has no keyIdentifier')
        : mustBe(crl, idCeAuthorityKeyIdentifier, 'authorityKeyIdentifier', false),
  },
  {
    id: 'crl-delta',
    source: 'RFC 5280 §5.2.4, §5.2.6',
    severity: 'error',
    check: (crl) => {
      const base = deltaCRLIndicator(crl);
      if (base === undefined) return undefined;
      if (freshestCRL(crl) !== undefined) return fault('crlExtensions.freshestCRL', 'is in a delta');
      if (base > (cRLNumber(crl) ?? base)) return fault('crlExtensions.deltaCRLIndicator', 'is after cRLNumber');
      return mustBe(crl, idCeDeltaCRLIndicator, 'deltaCRLIndicator', true);
    },
  },
  {
    id: 'crl-scope',
    source: 'RFC 5280 §5.2.5',
    severity: 'error',
    check: (crl) => {
      issuingDistributionPoint(crl);
      return mustBe(crl, idCeIssuingDistributionPoint, 'issuingDistributionPoint', true);
    },
  },
  {
    id: 'crl-entries',
    source: 'RFC 5280 §5.1.2.6',
    severity: 'error',
    check: ({ entries, der }) =>
      entries.count === 0 && entries.content.buffer === der.buffer
        ? fault('revokedCertificates', 'is there and empty')
        : undefined,
  },
  {
    id: 'crl-entry-serial-number',
    source: 'RFC 5280 §4.1.2.2',
    severity: 'error',
    check: (crl) =>
      lintEntries(crl, ({ userCertificate }) =>
        userCertificate > 0n && userCertificate >> 159n === 0n
          ? undefined
          : 'serial number not above zero, or longer than 20 octets',
      ),
  },
  {
    id: 'crl-entry-reason',
    source: 'RFC 5280 §5.3.1',
    severity: 'error',
    check: (crl) => {
      const isDelta = deltaCRLIndicator(crl) !== undefined;
      return lintEntries(crl, (entry) =>
        findExtension(entry, idCeCRLReasons)?.critical
          ? 'reasonCode is critical'
          : !isDelta && reasonCode(entry) === 'removeFromCRL'
            ? 'removeFromCRL on a list that is no delta'
            : undefined,
      );
    },
  },
  {
    id: 'crl-entry-unspecified',
    source: 'RFC 5280 §5.3.1',
    severity: 'warning',
    check: (crl) =>
      lintEntries(crl, (entry) =>
        reasonCode(entry) === 'unspecified' ? 'unspecified is written, which should be left out' : undefined,
      ),
  },
];

/**
 * Holds a revocation list against the rules of RFC 5280 that bind whoever issues it.
 * @returns Every rule that it breaks.
 */
export const lintCRL = (crl: CertificateList): readonly LintFinding[] => runLints(crlLints, crl);
