// deno run --allow-net deno.js
import { answer } from './answer.js';

const onListen = ({ port }) => console.log(`Listening on http://127.0.0.1:${port}/`);
Deno.serve({ hostname: '127.0.0.1', port: Number(Deno.args[0] ?? 8000), onListen }, answer);
