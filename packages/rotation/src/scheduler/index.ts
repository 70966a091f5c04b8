export { Schedule, type ScheduleEntry } from './schedule.js';
export {
  createScheduler,
  type NextRun,
  type Scheduler,
  type SchedulerEvent,
  type SchedulerOptions,
} from './scheduler.js';
export { restoreSchedule, type ScheduleSnapshot, snapshotOf } from './snapshot.js';
