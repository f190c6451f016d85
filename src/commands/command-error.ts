/** A command cannot do what it was asked to; the message is all that the person at the terminal needs to know. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

const EXPECTED = ['CommandError', 'ConfigError', 'EmbeddedPostgresError', 'RoleError'];

/** What to show of an error: the message alone where it was written for people, else everything, stack included. */
export function describeError(error: unknown): unknown {
  return error instanceof Error && EXPECTED.includes(error.name) ? error.message : error;
}

/** The code of a failed system call (`EADDRINUSE`) or SQLSTATE of a refused statement (`28P01`), if it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
