import type { Subject } from './measure.js';

export const kernelSubjects = (): readonly Subject[] => [];
