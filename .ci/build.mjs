import { install } from './install.mjs';
import { turbo } from './turbo.mjs';

const built = (await install()) && (await turbo('Building', 'build'));
process.exitCode = built ? 0 : 1;
