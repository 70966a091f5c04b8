export { directoryStore } from './directory-store.js';
export { readFileIfThere, type WriteFileOptions, writeFileAtomic } from './file.js';
export { type DirectoryLock, type LockOptions, lockDirectory } from './lock.js';
export { type Entry, type FileOperations, systemFiles, type WritableFile } from './operations.js';
export { createFile } from './paths.js';
export { type Processes, type ProcessIdentity, systemProcesses } from './processes.js';
export { readVolume, type VolumeFile, type VolumeOptions, writeVolume } from './volume.js';
