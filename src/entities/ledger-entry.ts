import { defineEntity, p } from '@mikro-orm/postgresql';
import type { LedgerEntryType } from './job-status.ts';

export const LedgerEntrySchema = defineEntity({
  name: 'LedgerEntry',
  tableName: 'ledger_entries',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    entry: p.text().$type<LedgerEntryType>(),
    amount: p.integer(),
    balance: p.integer(),
    jobId: p.uuid().nullable(),
    round: p.integer().nullable(),
    reason: p.text().nullable(),
    createdAt: p.datetime(),
  },
});

/** One signed change of a user's balance. Entries are added, never changed. */
export class LedgerEntry extends LedgerEntrySchema.class {}

LedgerEntrySchema.setClass(LedgerEntry);
