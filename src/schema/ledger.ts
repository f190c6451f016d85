import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { LedgerEntryType } from '../entities/job-status.ts';
import './enums.ts';
import { DateTime } from './scalars.ts';

@ObjectType({ description: "One change of a user's token balance. Entries are added, never changed or removed." })
export class LedgerEntry {
  @Field(() => ID, { description: 'The id of the entry.' })
  id!: string;

  @Field(() => LedgerEntryType, { description: 'The reason for the change.' })
  entry!: LedgerEntryType;

  @Field(() => Int, {
    description: 'Tokens, signed: above zero was given, below zero was taken. The sum of all entries is the balance.',
  })
  amount!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'The balance right after this entry, in tokens. Null where it was not kept.',
  })
  balance?: number | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The job that was charged or refunded; it may be gone by now. Null on grants and adjustments.',
  })
  jobId?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The round of the job that was charged or refunded. Null on grants and adjustments.',
  })
  round?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why tokens were granted or taken back. Null on charges and refunds.',
  })
  reason?: string | null;

  @Field(() => DateTime, { description: 'When the balance changed.' })
  createdAt!: Date;
}

@InputType({ description: 'Tokens to give to a user, or to take back.' })
export class GrantTokensInput {
  @Field(() => ID, { description: 'The UUID of the user. An account is made where the user has none yet.' })
  userId!: string;

  @Field(() => Int, {
    description:
      'Tokens, not 0. Below zero takes tokens back, as an ADJUST; more than the balance is refused with INSUFFICIENT_TOKENS.',
  })
  amount!: number;

  @Field(() => String, { description: 'Why, in words that the user will read in the ledger. 1 to 500 characters.' })
  reason!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'A key of 1 to 255 printable characters that makes it safe to send the same grant again: it is done once. Unique within the service.',
  })
  idempotencyKey?: string | null;
}
