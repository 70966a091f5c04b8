// Issuing with a profile: compile, prepare, lint, sign, complete.
export { compile, decide, defineIssuer, defineProfile, issue } from '@mayfly/ca';
