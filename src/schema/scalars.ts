import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLDateTime } from 'graphql-scalars';

/** A moment in UTC. Rows carry it as a `Date`, what is stored as JSON as ISO 8601. */
export const DateTime = GraphQLDateTime;

/** Makes type-graphql say `DateTime` where a type is given as `Date`; its own name for it would be `DateTimeISO`. */
export const scalarsMap = [{ type: Date, scalar: GraphQLDateTime }];

const MAX_CURSOR_LENGTH = 2_048;
const CURSOR_RULE = `must be a string of 1 to ${MAX_CURSOR_LENGTH} characters`;

function readCursor(value: unknown): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_CURSOR_LENGTH) return value;
  throw new GraphQLError(`Cursor ${CURSOR_RULE}`, {
    extensions: { code: 'BAD_USER_INPUT', fault: { path: [], rule: CURSOR_RULE } },
  });
}

/**
 * A position in a log, as text that only the server reads. Whether it can be read is for the reader of the log to say:
 * this scalar bounds its length and nothing else. Throws BAD_USER_INPUT.
 */
export const Cursor = new GraphQLScalarType<string, string>({
  name: 'Cursor',
  description:
    "A position in a user's log or in everyone's. Opaque text of at most 2,048 characters: keep it, send it back unchanged, and read nothing into it.",
  serialize: readCursor,
  parseValue: readCursor,
  parseLiteral: (node) => readCursor(node.kind === Kind.STRING ? node.value : undefined),
});
