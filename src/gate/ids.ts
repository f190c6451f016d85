import { badInput } from './errors.ts';

const MAX_ID_LENGTH = 128;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Whether a text can be the id of a row. A text that cannot is treated like the id of nothing. */
export const isUuid = (text: string): boolean => UUID.test(text);

/**
 * Refuses an id that no honest client sends.
 *
 * @returns the id as given; {@link isUuid} tells whether it can exist at all
 * @throws BAD_USER_INPUT for more than 128 characters
 */
export function requireId(id: string, path: readonly (string | number)[] = ['id']): string {
  if (id.length > MAX_ID_LENGTH) throw badInput({ path, rule: `must have at most ${MAX_ID_LENGTH} characters` });
  return id;
}
