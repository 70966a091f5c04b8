import { render } from 'preact';
import '../view/base.css';
import './workbench.css';
import { Workbench } from './workbench.js';

render(<Workbench />, document.getElementById('page')!);
if ('serviceWorker' in navigator) void keepOffline();

/** Has the page work without a network from the next time on. */
async function keepOffline(): Promise<void> {
  const address = 'service-worker.js';
  try {
    await navigator.serviceWorker.register(trustedAddress(address));
  } catch {
    // Without it the page works too, as long as its server does: browsers refuse it in private windows, for example.
  }
}

/** Under a policy that demands trusted types a service worker's address has to be one; older browsers have none. */
function trustedAddress(address: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypeFactory };
  if (trustedTypes === undefined) return address;
  const policy = trustedTypes.createPolicy('service-worker', { createScriptURL: () => address });
  return policy.createScriptURL(address) as unknown as string; // what register() takes, which its types do not say
}

/** Trusted Types, as far as they are used here. */
interface TrustedTypeFactory {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: () => string },
  ): { createScriptURL(address: string): object };
}
