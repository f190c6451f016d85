import type { TFunction } from 'i18next';
import type { JobQuery } from '../operations.generated.ts';

export type Job = Pick<
  NonNullable<JobQuery['job']>,
  'id' | 'name' | 'kind' | 'status' | 'allowedActions' | 'deletedAt'
>;
export type Action = Job['allowedActions'][number];

export const ACTIONS: readonly Action[] = ['VIEW_RESULT', 'DOWNLOAD', 'CANCEL', 'RETRY', 'DELETE', 'FORCE_DELETE'];

/** Why something cannot be done to a job as it stands. */
export function reasonAgainst(action: Action, job: Job, t: TFunction): string | undefined {
  const { status, allowedActions, deletedAt } = job;
  if (allowedActions.includes(action)) return undefined;
  if (allowedActions.length === 0) return t('reason.scope');
  if (deletedAt) return t('reason.deleted');
  const isActive = status === 'QUEUED' || status === 'PROCESSING';
  switch (action) {
    case 'CANCEL':
      return t('reason.finished');
    case 'RETRY':
      return isActive ? t('reason.activeRetry') : t('reason.completed');
    case 'DELETE':
    case 'FORCE_DELETE':
      return t('reason.active');
    case 'VIEW_RESULT':
      return isActive ? t('reason.resultLater') : t('reason.noResult');
    case 'DOWNLOAD':
      return isActive ? t('reason.fileLater') : t('reason.noFile');
  }
}
