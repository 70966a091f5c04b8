// Cloudflare Workers and workerd: `npx wrangler deploy workerd.js`, or bundled into one module of a config.capnp.
import { answer } from './answer.js';

export default { fetch: answer };
