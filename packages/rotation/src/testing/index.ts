export { type FaultPlan, faultyFiles } from './faulty-files.js';
export { memoryStore } from './memory-store.js';
export { type SimulatedClock, type SimulatedClockOptions, simulatedClock } from './simulated-clock.js';
export { unsignedCertificate } from './unsigned-certificate.js';
