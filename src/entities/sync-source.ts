/** The systems whose lists a SYNC job copies. */
export const SyncSource = {
  PANGKAT: 'PANGKAT',
  PENSIUN: 'PENSIUN',
  PG_AKADEMIK: 'PG_AKADEMIK',
  PG_PROFESI: 'PG_PROFESI',
  SKK: 'SKK',
} as const;
export type SyncSource = (typeof SyncSource)[keyof typeof SyncSource];

/** The owner of the jobs that belong to the system. No user can be it. */
export const SYSTEM_USER = '00000000-0000-0000-0000-000000000000';
