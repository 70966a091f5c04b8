export { type BackoffOptions, backoffDelay } from './backoff.js';
export { type CredentialBundle, encodeBundle, parseBundle, type Store } from './bundle.js';
export { type Clock, STEP_THRESHOLD, sleepFor, systemClock, type TimeSource, type Wake } from './clock.js';
export { RotationError, type RotationErrorCode } from './errors.js';
export { type KeepFreshEvent, type KeepFreshOptions, keepFresh } from './keep-fresh.js';
export { herdSpread, overdueAt, type RefreshOptions, refreshAt } from './refresh.js';
export { stableRandom } from './stable-random.js';
