// In a page: `navigator.serviceWorker.register('service-worker.js')`. Then POST to `csr` is answered in the browser, offline too.
import { answer } from './answer.js';

addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => {
  if (new URL(event.request.url).pathname.endsWith('/csr')) event.respondWith(answer(event.request));
});
