// Places orders all the time, and counts those that fail. Its certificate changes under it; no request notices.
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { followCredentials } from '@mayfly/tls';
import { createReloadingDispatcher } from '@mayfly/tls/client';
import { request } from 'undici';

const { SERVER_NAME, TLS_CERT_PATH, ORDERS_ADDRESS } = process.env;
const SERVER_URL = ORDERS_ADDRESS === undefined ? process.env.SERVER_URL : `https://${ORDERS_ADDRESS}`;
const credentials = await followCredentials(dirname(TLS_CERT_PATH));
const dispatcher = createReloadingDispatcher(credentials, { expect: { dNSName: SERVER_NAME } });

let requests = 0;
let failed = 0;
let running = true;
/** The last failure told; one that goes on is told once. */
let said;
const report = () => console.log(JSON.stringify({ requests, failed }));
const timer = setInterval(report, 500);
process.on('SIGTERM', () => {
  running = false;
});

for (let waited = 0; running; ) {
  try {
    const { statusCode, body } = await request(SERVER_URL, { dispatcher });
    await body.text();
    requests++;
    if (statusCode !== 200) failed++;
  } catch (error) {
    // A server that has not opened its port yet is waited for, ten seconds at the most.
    if (requests === 0 && error.code === 'ECONNREFUSED' && waited < 10_000) waited += 100;
    else {
      requests++;
      failed++;
      if (error.message !== said) console.error(`Request failed: ${error.message}`);
      said = error.message;
    }
    await delay(100);
  }
  await delay(20);
}
clearInterval(timer);
report();
await dispatcher.close();
credentials.close();
