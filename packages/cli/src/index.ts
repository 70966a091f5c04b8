export { CliError, type CliErrorCode } from './errors.js';
export { mayfly, run, VERSION } from './main.js';
