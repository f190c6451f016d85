import { SyncSource } from '../entities/sync-source.ts';
import { describeEnum } from './enums.ts';

export const SyncOutcome = {
  STARTED: 'STARTED',
  ALREADY_RUNNING: 'ALREADY_RUNNING',
  ALREADY_COMPLETED: 'ALREADY_COMPLETED',
} as const;
export type SyncOutcome = (typeof SyncOutcome)[keyof typeof SyncOutcome];

describeEnum('SyncSource', SyncSource, 'A system whose list a SYNC job copies.', {
  PANGKAT: 'The list of ranks.',
  PENSIUN: 'The list of pensions.',
  PG_AKADEMIK: 'The list of academic degrees.',
  PG_PROFESI: 'The list of professional degrees.',
  SKK: 'The list of competence certificates.',
});

describeEnum('SyncOutcome', SyncOutcome, 'What became of a request for a sync.', {
  STARTED: 'A new job was begun.',
  ALREADY_RUNNING: 'One is active: `job` is that one, with its progress.',
  ALREADY_COMPLETED: 'One was completed, however long ago: `job` is that one. Ask with `force` to begin anew.',
});
