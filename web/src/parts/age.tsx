import { useTranslation } from 'react-i18next';
import { duration, moment, relative } from '../format.ts';
import { useNow } from '../now.ts';
import type { JobQuery } from '../operations.generated.ts';

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

type Run = Pick<NonNullable<JobQuery['job']>, 'status' | 'startedAt' | 'finishedAt'>;

/** How long the latest attempt has run, or ran; a dash while there is none. */
export function RunTime({ job: { status, startedAt, finishedAt } }: { job: Run }) {
  const { t } = useTranslation();
  const now = useNow();
  // What waits for another attempt still has the start of the last one.
  if (!startedAt || status === 'QUEUED') return <>–</>;
  return <>{duration((finishedAt ? Date.parse(finishedAt) : now) - Date.parse(startedAt), t)}</>;
}
