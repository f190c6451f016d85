import { defineEntity, p } from '@mikro-orm/postgresql';
import type { SyncSource } from './sync-source.ts';

export const SyncRecordSchema = defineEntity({
  name: 'SyncRecord',
  tableName: 'sync_records',
  properties: {
    source: p.text().$type<SyncSource>().primary(),
    id: p.text().primary(),
    data: p.json<unknown>(),
    words: p.text(),
    syncedAt: p.datetime(),
  },
});

/** One row of a source, as the last completed sync found it. */
export class SyncRecord extends SyncRecordSchema.class {}

SyncRecordSchema.setClass(SyncRecord);
