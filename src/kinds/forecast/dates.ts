const TOKENS = /YYYY|MM|DD/g;
const SEPARATORS = /^[-/. ]*$/;
const DAY_MS = 86_400_000;
const FIRST_YEAR = 1900;
const LAST_YEAR = 2200;

/** How a file writes its days. A day is a number: days since 1970-01-01. */
export interface DateForm {
  /** As it was given. */
  readonly name: string;
  /** @returns null for what is no day in this form */
  read(text: string): number | null;
  write(day: number): string;
}

/**
 * Understands a form such as `DD/MM/YYYY`.
 * @returns null for one that has not each of YYYY, MM and DD once, with nothing but `-`, `/`, `.` or spaces between
 */
export function dateFormOf(form: string): DateForm | null {
  const tokens = form.match(TOKENS) ?? [];
  const separators = form.split(TOKENS);
  if (tokens.length !== 3 || new Set(tokens).size !== 3 || !separators.every((text) => SEPARATORS.test(text)))
    return null;
  const groups = { YYYY: '(?<YYYY>\\d{4})', MM: '(?<MM>\\d{2})', DD: '(?<DD>\\d{2})' };
  const escaped = form.replaceAll('.', '\\.');
  const pattern = new RegExp(`^${escaped.replaceAll(TOKENS, (token) => groups[token as keyof typeof groups])}$`);
  return {
    name: form,
    read(text) {
      const { YYYY, MM, DD } = pattern.exec(text)?.groups ?? {};
      const [year, month, day] = [Number(YYYY), Number(MM), Number(DD)];
      const date = new Date(Date.UTC(year, month - 1, day));
      const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
      return isReal && year >= FIRST_YEAR && year <= LAST_YEAR ? date.getTime() / DAY_MS : null;
    },
    write(day) {
      const [YYYY = '', MM = '', DD = ''] = new Date(day * DAY_MS).toISOString().slice(0, 10).split('-');
      return form.replaceAll(TOKENS, (token) => ({ YYYY, MM, DD })[token] ?? '');
    },
  };
}
