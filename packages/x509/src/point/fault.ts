/** What octets of the right number can be instead of a key. */
export type PointFaultReason = 'NotOnCurve' | 'NotCanonical' | 'SmallOrder';

export function describePointFault(curve: string, reason: PointFaultReason): string {
  switch (reason) {
    case 'NotOnCurve':
      return `a point that is not on ${curve}`;
    case 'NotCanonical':
      return `a point of ${curve} in another encoding than its own`;
    case 'SmallOrder':
      return `a point of ${curve} under which anybody can sign`;
  }
}
