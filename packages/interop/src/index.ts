export { InteropError, type InteropErrorCode } from './errors.js';
