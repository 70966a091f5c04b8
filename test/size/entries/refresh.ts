// When to refresh.
export { refreshAt } from '@mayfly/rotation';
