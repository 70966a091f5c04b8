import { verify } from './verify.mjs';

// The gates alone: no test of behaviour.
await verify(['test/layers', 'test/package', 'test/size']);
