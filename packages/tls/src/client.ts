export { createReloadingAgent, type PlainAgentOptions, type ReloadingAgent } from './client/agent.js';
export {
  createReloadingDispatcher,
  type PlainDispatcherOptions,
  type ReloadingDispatcher,
} from './client/dispatcher.js';
export type { ClientEvent, ClientStatus, ReloadingClientOptions } from './client/generations.js';
export type { ExpectedServer } from './client/identity.js';
