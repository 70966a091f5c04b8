export {
  type Credentials,
  type CredentialTexts,
  isValidAt,
  type LiveCredentials,
  parseCredentials,
} from './credentials.js';
export { TlsError, type TlsErrorCode } from './errors.js';
export type { CredentialEvent, CredentialSummary } from './follow/events.js';
export {
  type FollowedCredentials,
  type FollowOptions,
  type FollowStatus,
  followCredentials,
} from './follow/follower.js';
export type { CredentialFiles } from './follow/source.js';
