import { OURS, type Report, type ReportedCase } from '../report.js';

/** A case in which a peer takes less than Mayfly. */
export interface Faster {
  readonly suite: string;
  readonly ours: ReportedCase;
  readonly theirs: ReportedCase;
  /** Whether the intervals of both medians meet, so that another run might end otherwise. */
  readonly close: boolean;
}

/** Every case in which a peer takes less time or fewer octets, worst first. */
export const fasterPeers = (reports: readonly Report[]): readonly Faster[] =>
  reports
    .flatMap(({ suite, cases, ratios }) =>
      ratios
        .filter(({ ratio, peer }) => ratio < 1 && !peer.startsWith(OURS))
        .map(({ name, peer, ratio }) => {
          const [ours, theirs] = [OURS, peer].map((impl) =>
            cases.find((one) => one.name === name && one.impl === impl),
          );
          return { suite, ours: ours!, theirs: theirs!, close: meet(ours!, theirs!), ratio }; // a ratio is of two cases
        }),
    )
    .sort((a, b) => a.ratio - b.ratio);

const meet = (ours: ReportedCase, theirs: ReportedCase): boolean =>
  'medianNs' in ours &&
  'medianNs' in theirs &&
  (theirs.medianHighNs ?? theirs.medianNs) >= (ours.medianLowNs ?? ours.medianNs);
