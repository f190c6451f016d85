import { defineEntity, p } from '@mikro-orm/postgresql';

export const AccountSchema = defineEntity({
  name: 'Account',
  tableName: 'accounts',
  properties: {
    userId: p.uuid().primary(),
    balance: p.integer(),
    createdAt: p.datetime(),
  },
});

/** A user's tokens: the sum of his ledger entries, never below zero. */
export class Account extends AccountSchema.class {}

AccountSchema.setClass(Account);
