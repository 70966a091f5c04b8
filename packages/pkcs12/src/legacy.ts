import { type LegacyScheme, legacy } from '@mayfly/pkcs8/legacy';
import type { Encrypt, Profile } from './profile.js';

export { legacy };

const under =
  (scheme: LegacyScheme): Encrypt =>
  (plaintext, password, { keyDerivation: _, iterations, randomBytes, ...derivation }) =>
    // The salt makes the IV too, so that each part has its own.
    legacy.encrypt(scheme, { salt: randomBytes(8), iterationCount: iterations }, plaintext, password, derivation);

/** For what opens nothing newer: triple DES and a MAC with SHA-1. Protects little. */
export const legacy3Des: Profile = {
  name: 'legacy-3des',
  iterations: 2048,
  encryption: {
    contents: /* @__PURE__ */ under('pbeWithSHAAnd3-KeyTripleDES-CBC'),
    keys: /* @__PURE__ */ under('pbeWithSHAAnd3-KeyTripleDES-CBC'),
    sharesKey: false,
  },
  mac: { name: 'HMAC', hash: 'SHA-1' },
};

/** For what opens nothing newer than Windows XP did: certificates under RC2 with 40 bits, keys under triple DES. */
export const legacyRc2: Profile = {
  ...legacy3Des,
  name: 'legacy-rc2',
  encryption: {
    contents: /* @__PURE__ */ under('pbeWithSHAAnd40BitRC2-CBC'),
    keys: /* @__PURE__ */ under('pbeWithSHAAnd3-KeyTripleDES-CBC'),
    sharesKey: false,
  },
};
