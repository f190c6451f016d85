import type { TFunction } from 'i18next';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in its two largest units, such as `2 min 5 s`. @param ms milliseconds; below zero counts as zero */
export function duration(ms: number, t: TFunction): string {
  const length = Math.max(0, ms);
  if (length < SECOND) return `${Math.round(length)} ${t('unit.ms')}`;
  if (length < 10 * SECOND) return `${(length / SECOND).toFixed(1)} ${t('unit.s')}`;
  const whole = Math.floor(length / SECOND) * SECOND;
  if (whole < MINUTE) return `${whole / SECOND} ${t('unit.s')}`;
  if (whole < HOUR) return pair(whole, [MINUTE, t('unit.min')], [SECOND, t('unit.s')]);
  if (whole < DAY) return pair(whole, [HOUR, t('unit.h')], [MINUTE, t('unit.min')]);
  return pair(whole, [DAY, t('unit.d')], [HOUR, t('unit.h')]);
}

function pair(ms: number, [large, largeName]: [number, string], [small, smallName]: [number, string]): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest ? ` ${rest} ${smallName}` : ''}`;
}

/** How long ago or ahead, in words, such as `3 minutes ago`. */
export function relative(from: number, now: number, language: string): string {
  const difference = from - now;
  const size = Math.abs(difference);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
  if (size < MINUTE) return format.format(Math.trunc(difference / SECOND), 'second');
  if (size < HOUR) return format.format(Math.trunc(difference / MINUTE), 'minute');
  if (size < DAY) return format.format(Math.trunc(difference / HOUR), 'hour');
  return format.format(Math.trunc(difference / DAY), 'day');
}

/** Date and time to the second. */
export const moment = (iso: string, language: string): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));

export const clock = (iso: string, language: string): string =>
  new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(new Date(iso));

/** Bytes in a unit that fits, such as `1.2 MB`. */
export function bytes(size: number, language: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  const format = { style: 'unit', unit: units[power], unitDisplay: 'short', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, format).format(size / 1_000 ** power);
}

/** `loveOfLearning` as `Love of learning`. */
export function words(name: string): string {
  const spaced = name.replaceAll(/([A-Z])/g, ' $1').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}
