import { useTranslation } from 'react-i18next';
import { duration, moment, relative } from '../format.ts';
import { useNow } from '../now.ts';

/** How long ago, with the exact time to hover and to hear. */
export function Age({ at }: { at: string }) {
  const { i18n } = useTranslation();
  const now = useNow();
  return (
    <time dateTime={at} title={moment(at, i18n.language)}>
      {relative(Math.min(now, Date.parse(at)), now, i18n.language)}
    </time>
  );
}

/** How long from one moment to another, or to now. */
export function Duration({ from, to }: { from: string; to?: string | null }) {
  const { t } = useTranslation();
  const now = useNow();
  return <>{duration((to ? Date.parse(to) : now) - Date.parse(from), t)}</>;
}
