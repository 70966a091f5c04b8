import type { CredentialBundle, Store } from '../bundle.js';

/** Keeps a bundle in memory, for tests and for whoever wants no disk. */
export function memoryStore(bundle?: CredentialBundle): Store {
  let stored = bundle;
  return {
    load: () => Promise.resolve(stored),
    replace(next) {
      stored = next;
      return Promise.resolve();
    },
  };
}
