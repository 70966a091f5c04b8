import { memory as layout } from '../../ed25519-memory.js';
import type { Module } from '../asm/module-builder.js';
import { p256Kernel } from '../curves/p256-kernel.js';
import { p384Kernel } from '../curves/p384-kernel.js';
import { ed25519Kernel } from '../edwards/kernel.js';
import { instantiate } from '../instance.js';
import { NONCE, STATUS } from '../weierstrass/signing.js';
import type { Subject } from './measure.js';

/** Every function of the kernels that a secret goes into, in both builds. */
export const kernelSubjects = (): readonly Subject[] =>
  [true, false].flatMap((simd) => {
    const build = simd ? '' : ', no SIMD';
    return [
      ...ecdsaSubjects(`P-256${build}`, p256Kernel({ simd }), 32),
      ...ecdsaSubjects(`P-384${build}`, p384Kernel({ simd }), 48),
      ...eddsaSubjects(`Ed25519${build}`, simd),
    ];
  });

/** Digests of a batch. */
const BATCH = 32;

function ecdsaSubjects(name: string, module: Module, byteLength: number): readonly Subject[] {
  const { functions, memory } = instantiate(module);
  const call = (of: string, ...operands: number[]): number => functions[of]!(...operands);
  const address = (of: string): number => call(of);
  call('prepareSingle');
  call('prepareBatch');
  call('prepareVerification');
  const [secretKey, secretKeys, digests, entropy] = ['secretKey', 'secretKeys', 'digests', 'entropy'].map(address) as [
    number,
    number,
    number,
    number,
  ];
  const require = (status: number): void => {
    if (status !== STATUS.done) throw new Error(`Cannot time ${name}: status ${status}`);
  };
  const octets = (value: number, length: number): Uint8Array => new Uint8Array(length).fill(value);
  /** Random octets are a key but for one time in 2^32: those that are not are made one. */
  const putKey = (at: number, secret: Uint8Array): void => {
    memory.set(secret, at);
    memory[at]! &= 0x7f;
  };
  const ofKey = (what: string, run: () => number, prepare: () => void = () => {}): Subject => ({
    name: `${name} ${what}`,
    secretLength: byteLength,
    prepare: (secret) => {
      putKey(secretKey, secret);
      prepare();
    },
    run: () => require(run()),
  });
  const putDigests = (): void => {
    memory.fill(0x3c, digests, digests + BATCH * byteLength);
  };
  const putEntropy = (): void => {
    memory.fill(0xa7, entropy, entropy + BATCH * 32);
  };
  return [
    ofKey('publicKey', () => call('makePublicKey')),
    ofKey('sign, key', () => call('sign', NONCE.deterministic), putDigests),
    ofKey(
      'sign hedged, key',
      () => call('sign', NONCE.hedged),
      () => {
        putDigests();
        putEntropy();
      },
    ),
    {
      name: `${name} sign hedged, entropy`,
      secretLength: 32,
      prepare: (secret) => {
        memory.set(octets(0x11, byteLength), secretKey);
        putDigests();
        memory.set(secret, entropy);
      },
      run: () => require(call('sign', NONCE.hedged)),
    },
    ofKey('signMany, key', () => call('signMany', BATCH, NONCE.deterministic), putDigests),
    {
      name: `${name} publicKeys`,
      secretLength: byteLength,
      prepare: (secret) => {
        for (let i = 0; i < BATCH; i++) putKey(secretKeys + i * byteLength, secret);
      },
      run: () => require(call('makePublicKeys', BATCH)),
    },
  ];
}

/** Octets of a message: two blocks with the head before it. */
const MESSAGE_LENGTH = 100;

function eddsaSubjects(name: string, simd: boolean): readonly Subject[] {
  const { functions, memory } = instantiate(ed25519Kernel({ simd }));
  const call = (of: string, ...operands: number[]): number => functions[of]!(...operands);
  for (const build of ['buildSingle', 'buildFixed', 'buildPlanes']) functions[build]?.();
  const io = call('io');
  const batch = call('batch');
  const message = io + layout.message;
  memory.fill(0x3c, message, message + MESSAGE_LENGTH);
  const hash = (headLength: number): void => {
    const length = headLength + MESSAGE_LENGTH;
    call('start');
    call('finish', message - headLength, length, length);
  };
  const require = (valid: number): void => {
    if (valid !== 1) throw new Error(`Cannot time ${name}: a point is off the curve`);
  };
  const draw = (i: number): void => {
    call('loadPrefix');
    hash(32);
    call('nonce', i);
  };
  const respond = (i: number): void => {
    call('loadHead', i);
    hash(64);
    call('respond', i);
  };
  const ofSeed = (what: string, run: () => void): Subject => ({
    name: `${name} ${what}`,
    secretLength: 32,
    prepare: (seed) => memory.set(seed, io + layout.seed),
    run: () => {
      call('expand');
      run();
      call('wipe');
    },
  });
  const all = Array.from({ length: batch }, (_, i) => i);
  return [
    ofSeed('publicKey', () => require(call('publicKey'))),
    ofSeed('sign', () => {
      draw(0);
      require(call('commit', 0));
      respond(0);
    }),
    ...(batch > 1
      ? [
          ofSeed('signMany', () => {
            all.forEach(draw);
            require(call('commitMany'));
            all.forEach(respond);
          }),
        ]
      : []),
  ];
}
