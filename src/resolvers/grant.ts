import { Arg, Authorized, Ctx, Mutation, Resolver } from 'type-graphql';
import type { Context } from '../context.ts';
import { SYSTEM_USER } from '../entities/sync-source.ts';
import { isUuid, requireId } from '../gate/ids.ts';
import { viewerId } from '../gate/viewer.ts';
import type { GrantOutcome } from '../lifecycle/ledger.ts';
import { GrantTokensInput } from '../schema/ledger.ts';
import { GrantTokensPayload } from '../schema/payloads.ts';
import type { AnyUserError } from '../schema/user-error.ts';
import { hashInput, isIdempotencyKey } from './idempotency.ts';
import { invalid, userError } from './user-errors.ts';

/** 1 to 500 characters, of which none is a control character or half of a surrogate pair. */
const REASON = /^[^\p{Cc}\p{Cs}]{1,500}$/u;

/** The most that can be taken at once: what a refusal says was required must be an Int as well. */
const LARGEST_AMOUNT = 2_147_483_647;

@Resolver()
export class GrantResolver {
  @Authorized('tokens:grant')
  @Mutation(() => GrantTokensPayload, {
    description: 'Gives tokens to a user, or takes them back, as one entry of the ledger.',
  })
  async grantTokens(
    @Ctx() { viewer, lifecycle }: Context,
    @Arg('input', () => GrantTokensInput, { description: 'Who gets how many, and why.' }) input: GrantTokensInput,
  ): Promise<GrantTokensPayload> {
    const faults = checkGrant(input);
    if (faults.length > 0) return refused(...faults);
    const { amount, reason, idempotencyKey } = input;
    const userId = input.userId.toLowerCase();
    const inputHash = hashInput('grantTokens', { userId, amount, reason });
    const outcome = await lifecycle.grant({
      userId,
      amount,
      reason,
      grantedBy: viewerId(viewer),
      ...(typeof idempotencyKey === 'string' ? { idempotency: { key: idempotencyKey, inputHash } } : {}),
    });
    return payloadOf(userId, outcome);
  }
}

function checkGrant({ userId, amount, reason, idempotencyKey }: GrantTokensInput): AnyUserError[] {
  const faults: AnyUserError[] = [];
  if (!isUuid(requireId(userId, ['input', 'userId'])) || userId === SYSTEM_USER) {
    faults.push(userError('NOT_FOUND', 'There is no user with this id', ['input', 'userId']));
  }
  if (amount === 0) faults.push(invalid(['input', 'amount'], 'must not be 0'));
  if (amount < -LARGEST_AMOUNT) faults.push(invalid(['input', 'amount'], `must be at least -${LARGEST_AMOUNT}`));
  if (reason.trim() === '' || !REASON.test(reason)) {
    faults.push(invalid(['input', 'reason'], 'must be 1 to 500 characters without control characters'));
  }
  if (typeof idempotencyKey === 'string' && !isIdempotencyKey(idempotencyKey)) {
    faults.push(invalid(['input', 'idempotencyKey'], 'must be 1 to 255 printable characters'));
  }
  return faults;
}

function payloadOf(userId: string, outcome: GrantOutcome): GrantTokensPayload {
  switch (outcome.outcome) {
    case 'GRANTED':
      return { userId, tokenBalance: outcome.tokenBalance, entry: outcome.entry, userErrors: [] };
    case 'INSUFFICIENT_TOKENS': {
      const { required, available } = outcome;
      const message = `${required} tokens cannot be taken from a balance of ${available}`;
      return refused({ code: 'INSUFFICIENT_TOKENS', message, required, available });
    }
    case 'BALANCE_TOO_LARGE':
      return refused(invalid(['input', 'amount'], `is more than this balance of ${outcome.available} can hold`));
    case 'IDEMPOTENCY_KEY_REUSED':
      return refused(userError('IDEMPOTENCY_KEY_REUSED', 'This key was used for another grant'));
  }
}

const refused = (...userErrors: AnyUserError[]): GrantTokensPayload => ({
  userId: null,
  tokenBalance: null,
  entry: null,
  userErrors,
});
