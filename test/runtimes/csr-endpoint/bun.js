// bun bun.js
import { answer } from './answer.js';

const server = Bun.serve({ hostname: '127.0.0.1', port: Number(Bun.argv[2] ?? 8000), fetch: answer });
console.log(`Listening on ${server.url}`);
