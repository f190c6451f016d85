import { type GraphQLOutputType, type GraphQLSchema, isListType, isNonNullType, isObjectType } from 'graphql';
import type { Context } from '../context.ts';
import type { AnyUserError, RateLimited } from '../schema/user-error.ts';

/** A longer batch is refused for its length, so it need not cost more. */
const MOST_ROWS = 100;

/** The mutations that submit jobs; all others have a limit of their own. */
const isSubmit = (name: string): boolean => name.startsWith('submit');

interface Args {
  readonly input?: { readonly rows?: readonly unknown[]; readonly ids?: readonly unknown[] | null };
}

/**
 * Puts every mutation of a schema under its limit per minute. It is counted each time that an operation asks for it, under
 * whatever alias, and a batch by its rows, before its content is looked at. Whoever is over the limit gets the mutation's
 * own payload, with RATE_LIMITED in its `userErrors` and nothing done.
 *
 * An answer that says when to come back, for whatever reason, says so in the header `Retry-After` as well.
 */
export function limitMutations(schema: GraphQLSchema): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const { name, type, resolve } = field;
    if (!resolve) continue;
    field.resolve = async (source, args: Args, context: Context, info) => {
      // The mutations of an operation come one after the other; its answer does not wait for the last one.
      context.signal?.throwIfAborted();
      const waitMs = await count(context, name, args);
      const payload: unknown = waitMs === null ? await resolve(source, args, context, info) : refusal(type, waitMs);
      tellWait(context, payload);
      return payload;
    };
  }
}

/** Anonymous callers have no count: they are refused for what they are. */
async function count({ viewer, rates, asker }: Context, name: string, args: Args): Promise<number | null> {
  if (!viewer) return null;
  return await rates.count(isSubmit(name) ? 'submits' : 'otherMutations', asker, rowsOf(args));
}

function rowsOf({ input }: Args): number {
  const rows = input?.rows ?? input?.ids ?? [];
  return Math.min(Math.max(1, rows.length), MOST_ROWS);
}

function refusal(type: GraphQLOutputType, waitMs: number): object {
  const message = 'Too many requests in a minute';
  const error: RateLimited = {
    code: 'RATE_LIMITED',
    message,
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
  };
  return { ...(emptyOf(type, message) as object), userErrors: [error] };
}

/** The value of a type that says least: null where it may be, else nothing, none, no, or the message. */
function emptyOf(type: GraphQLOutputType, message: string): unknown {
  if (!isNonNullType(type)) return null;
  const inner = type.ofType;
  if (isListType(inner)) return [];
  if (isObjectType(inner)) {
    return Object.fromEntries(
      Object.values(inner.getFields()).map((field) => [field.name, emptyOf(field.type, message)]),
    );
  }
  if (inner.name === 'String') return message;
  return inner.name === 'Boolean' ? false : 0;
}

function tellWait({ headers }: Context, payload: unknown): void {
  const { userErrors = [], rows = [] } = payload as {
    userErrors?: AnyUserError[];
    rows?: { userErrors: AnyUserError[] }[];
  };
  const waits = [userErrors, ...rows.map((row) => row.userErrors)].flat().flatMap(waitOf);
  if (waits.length === 0) return;
  headers.set('retry-after', String(Math.max(Number(headers.get('retry-after') ?? 0), ...waits)));
}

const waitOf = (error: AnyUserError): number[] => ('retryAfterSeconds' in error ? [error.retryAfterSeconds] : []);
