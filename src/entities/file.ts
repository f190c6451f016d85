import { defineEntity, p } from '@mikro-orm/postgresql';
import type { FileRole } from './job-status.ts';

export const FileSchema = defineEntity({
  name: 'File',
  tableName: 'files',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    jobId: p.uuid().nullable(),
    role: p.text().$type<FileRole>(),
    name: p.text(),
    contentType: p.text(),
    size: p.integer(),
    sha256: p.text().nullable(),
    storedAs: p.uuid().nullable(),
    createdAt: p.datetime(),
    storedAt: p.datetime().nullable(),
  },
});

/** A file as it is known; its bytes are in the storage under `storedAs`. An INPUT without a job is an upload. */
export class File extends FileSchema.class {}

FileSchema.setClass(File);
