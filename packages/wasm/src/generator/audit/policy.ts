/** Exports of a kernel that read nothing but public data. */
export interface PublicExports {
  readonly kernel: string;
  readonly names: readonly string[] | 'all';
  readonly reason: string;
}

/** Places where something computed from secrets is made public on purpose. */
export interface Declassification {
  readonly kernel: string;
  readonly function: string;
  /** How many calls of `declassify` there are in the function. */
  readonly count: number;
  readonly reason: string;
}

/** What is not listed is taken to work on secrets. */
export const publicExports: readonly PublicExports[] = [
  ...['p256', 'p384'].map((kernel) => ({
    kernel,
    names: ['loadPublicKey', 'decompress', 'prepareVerifier', 'verifyKnown', 'verifyUnknown'],
    reason: 'public keys, signatures over public digests, and tables of both',
  })),
  {
    kernel: 'ed25519',
    names: ['isKey', 'buildKey', 'verifyOnce', 'verifyKnown'],
    reason: 'public keys, signatures over public digests, and tables of both',
  },
  { kernel: 'rsa', names: 'all', reason: 'powers with the public exponent: there is no private key in this kernel' },
];

/** Nothing else is made public. */
export const declassifications: readonly Declassification[] = [
  ...['p256', 'p384'].flatMap((kernel): readonly Declassification[] => [
    {
      kernel,
      function: `${kernel}.multiply`,
      count: 2,
      reason:
        'whether the fast multiplication, and then the slow one, gave a point of the curve: the fast one fails for a handful of scalars out of all, and after faults',
    },
    {
      kernel,
      function: 'makePublicKey',
      count: 1,
      reason: 'whether the private key is in range: the caller is told',
    },
    {
      kernel,
      function: 'sign',
      count: 4,
      reason:
        'whether the private key is in range, and whether a candidate for the nonce is (RFC 6979 §3.4: another one is drawn, which this one says nothing of; once for each way of making nonces), and whether r and s are not zero, which the signature shows',
    },
    {
      kernel,
      function: 'signMany',
      count: 4,
      reason:
        'whether the private key is in range; for all signatures together whether a nonce is out of range, a point is off the curve, r or s is zero: they are signed one by one then',
    },
    {
      kernel,
      function: 'makePublicKeys',
      count: 2,
      reason: 'for all keys together, whether one is out of range, and whether a point is off the curve',
    },
  ]),
  ...['publicKey', 'commit', 'commitMany'].map((name) => ({
    kernel: 'ed25519',
    function: name,
    count: 1,
    reason:
      'whether what was computed is a point of the curve: it is, but after faults, for the addition law is complete',
  })),
];
