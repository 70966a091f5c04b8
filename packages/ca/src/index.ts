export {
  type CompiledProfile,
  compile,
  grantedValidity,
  type IssuanceRequest,
  type Issued,
  type Prepared,
  type Surroundings,
} from './compile.js';
export { CaError, type CaErrorCode } from './errors.js';
export { issue, issueSync } from './issue.js';
export { type IssueManyOptions, type IssueResult, issueMany, issueManySync } from './issue-many.js';
export { defineIssuer, type Issuer, type SyncIssuer } from './issuer.js';
export { type Finding, lint } from './lint.js';
export type { Allocate } from './memory.js';
export { complete, prepare } from './prepare.js';
export { defineProfile, type Profile, type ProfileConfig } from './profile.js';
export { bufferedRandomBytes } from './random.js';
export { type Decision, type Denial, decide, type Evidence, type Rule } from './rules.js';
