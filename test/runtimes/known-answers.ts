/** ECDSA and the deterministic nonces of RFC 6979: message, private key and signature as r‖s. */
export interface EcdsaAnswer {
  readonly source: string;
  readonly message: string;
  readonly secretKey: string;
  readonly signature: string;
}

const a25 = 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721';
const a26 = '6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5';

/** RFC 6979 §A.2.5, with the hash that belongs to the curve. */
export const p256Answers: readonly EcdsaAnswer[] = [
  {
    source: 'RFC 6979 A.2.5, sample',
    message: 'sample',
    secretKey: a25,
    signature:
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  },
  {
    source: 'RFC 6979 A.2.5, test',
    message: 'test',
    secretKey: a25,
    signature:
      'f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083',
  },
];

/** RFC 6979 §A.2.6, with the hash that belongs to the curve. */
export const p384Answers: readonly EcdsaAnswer[] = [
  {
    source: 'RFC 6979 A.2.6, sample',
    message: 'sample',
    secretKey: a26,
    signature:
      '94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe4699ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8',
  },
  {
    source: 'RFC 6979 A.2.6, test',
    message: 'test',
    secretKey: a26,
    signature:
      '8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023dbddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5',
  },
];

/** RFC 8032 §7.1, TEST 3. */
export const ed25519Answer = {
  seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
  publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  message: 'af82',
  signature:
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
} as const;

/** FIPS 180-4: digests of `abc`, from the examples that NIST gives with it. */
export const digestsOfAbc = {
  'SHA-256': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  'SHA-384': 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7',
  'SHA-512':
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
} as const;

/** RFC 7914 §11: PBKDF2-HMAC-SHA-256 of `Password`, `NaCl`, 80 000 iterations, 64 octets. */
export const pbkdf2Answer = {
  password: 'Password',
  salt: 'NaCl',
  iterations: 80_000,
  key: '4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d',
} as const;
