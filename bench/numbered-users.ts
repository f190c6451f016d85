const HEAD = '00000000-0000-4000-8000-';
const DIGITS = 12;

/** Users from one number to another, both included. */
export interface Users {
  first: number;
  last: number;
}

/** The id of a user who has a number, for whoever cannot keep a list of ids. */
export const userIdOf = (user: number): string => HEAD + String(user).padStart(DIGITS, '0');

/** The same as an SQL expression over his number. */
export const userIdInSql = (user: string): string => `'${HEAD}' || lpad(${user}::text, ${DIGITS}, '0')`;
