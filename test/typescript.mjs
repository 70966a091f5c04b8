// Lets Node run this workspace's TypeScript from source: node --import ./typescript.mjs vectors/main.ts
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
