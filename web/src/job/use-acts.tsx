import { Text } from '@mantine/core';
import { modals } from '@mantine/modals';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useNavigate } from 'react-router';
import { CancelJobDocument, DeleteJobDocument, RetryJobDocument } from '../../../src/client/index.ts';
import { DownloadLinksDocument, type FaultFragment } from '../operations.generated.ts';
import { errorText, faultText } from '../parts/faults.tsx';
import { useClient } from '../session-context.tsx';
import type { Action, Job } from './actions.ts';

/** What asks back before it is done. */
type Serious = Exclude<Action, 'VIEW_RESULT' | 'DOWNLOAD'>;

const CONFIRM = { CANCEL: 'stop', RETRY: 'retry', DELETE: 'delete', FORCE_DELETE: 'force' } as const;

/** Does to a job what a button says, after a question where it matters, and tells what came of it. */
export function useActs(): (action: Action, job: Job) => void {
  const { t } = useTranslation();
  const client = useClient();
  const cache = useQueryClient();
  const navigate = useNavigate();

  async function send(action: Serious, { id }: Job): Promise<readonly FaultFragment[]> {
    switch (action) {
      case 'CANCEL':
        return (await client.request(CancelJobDocument, { id })).cancelJob.userErrors as FaultFragment[];
      case 'RETRY':
        return (await client.request(RetryJobDocument, { id })).retryJob.userErrors as FaultFragment[];
      case 'DELETE':
      case 'FORCE_DELETE': {
        const { deleteJob } = await client.request(DeleteJobDocument, { id, force: action === 'FORCE_DELETE' });
        return deleteJob.userErrors as FaultFragment[];
      }
    }
  }

  async function carryOut(action: Serious, job: Job): Promise<void> {
    try {
      const [fault] = await send(action, job);
      if (fault) notifications.show({ color: 'red', title: t('error.title'), message: faultText(fault, t) });
      else notifications.show({ color: 'teal', title: job.name, message: t(`done.${action}`) });
    } catch (error) {
      notifications.show({ color: 'red', title: t('error.title'), message: errorText(error as Error, t) });
    }
    for (const key of ['jobs', 'job', 'viewer', 'ledger', 'stats', 'stuck', 'sync']) {
      void cache.invalidateQueries({ queryKey: [key] });
    }
  }

  async function download({ id }: Job): Promise<void> {
    // A link lasts a few minutes, so it is asked for when it is needed.
    const { job } = await client.request(DownloadLinksDocument, { id });
    const file = job?.files.find(({ role }) => role === 'OUTPUT');
    if (file) location.assign(file.url);
  }

  return (action, job) => {
    if (action === 'VIEW_RESULT') return void navigate(`/jobs/${job.id}/result`);
    if (action === 'DOWNLOAD') return void download(job);
    const name = CONFIRM[action];
    modals.openConfirmModal({
      title: t(`confirm.${name}Title`),
      children: <Text size="sm">{t(`confirm.${name}`, { name: job.name })}</Text>,
      labels: { confirm: t(`confirm.${name}Yes`), cancel: t('confirm.back') },
      confirmProps: { color: action === 'RETRY' ? undefined : 'red.8' },
      onConfirm: () => void carryOut(action, job),
    });
  };
}
