export { encodeAuthorities, parseAuthorities } from './state.js';
export {
  type Authority,
  activate,
  minAuthorityLifetime,
  nextStep,
  prepare,
  recordLeaf,
  retire,
  type Step,
  type SuccessionPolicy,
  signingAuthority,
  trustAnchors,
} from './succession.js';
