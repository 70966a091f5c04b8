import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createP256 } from './p256.js';
import { createP384 } from './p384.js';
import { scalarKernels } from './scalar.js';

/** RFC 6979 §A.2.5 and §A.2.6, for the hash of each curve. */
const keys = [
  {
    curve: 'P-256',
    create: createP256,
    hash: 'sha256',
    x: 'C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721',
    Ux: '60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6',
    Uy: '7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299',
    signatures: [
      {
        message: 'sample',
        r: 'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716',
        s: 'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
      },
      {
        message: 'test',
        r: 'F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367',
        s: '019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083',
      },
    ],
  },
  {
    curve: 'P-384',
    create: createP384,
    hash: 'sha384',
    x: '6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5',
    Ux: 'EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13',
    Uy: '8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720',
    signatures: [
      {
        message: 'sample',
        r: '94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46',
        s: '99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8',
      },
      {
        message: 'test',
        r: '8203B63D3C853E8D77227FB377BCF7B7B772E97892A80F36AB775D509D7A5FEB0542A7F0812998DA8F1DD3CA3CF023DB',
        s: 'DDD0760448D42D8A43AF45AF836FCE4DE8BE06B485E9B61B827C2F13173923E06A739F040649A667BF3B828246BAA5A5',
      },
    ],
  },
] as const;

const octets = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

const cases = keys.flatMap(({ signatures, ...key }) =>
  signatures.flatMap((signature) =>
    [{}, { simd: false, scalar: scalarKernels }].map((options) => ({
      ...key,
      ...signature,
      options,
      build: 'simd' in options ? 'without SIMD' : 'with SIMD',
    })),
  ),
);

test.each(cases)(
  'RFC 6979, $curve, $hash, "$message", $build',
  ({ create, options, hash, x, Ux, Uy, message, r, s }) => {
    const kernel = create(options);
    const digest = new Uint8Array(createHash(hash).update(message).digest());
    const publicKey = octets(`04${Ux}${Uy}`);
    expect(kernel.getPublicKey(octets(x))).toEqual(publicKey);
    expect(kernel.sign(digest, octets(x))).toEqual(octets(r + s));
    expect(kernel.signMany(Array(32).fill(digest), octets(x))).toEqual(Array(32).fill(octets(r + s)));
    expect(kernel.verify(octets(r + s), digest, publicKey)).toBe(true);
    expect(kernel.verifier(publicKey)(octets(r + s), digest)).toBe(true);
  },
);
