import { ActionIcon, Button, Group, Menu, Stack, Text } from '@mantine/core';
import { IconDots } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ACTIONS, type Action, type Job, reasonAgainst } from '../job/actions.ts';
import { ACTION_ICONS, isDangerous } from '../job/looks.ts';
import { useActs } from '../job/use-acts.tsx';

/** What one most likely wants, in this order. */
const FIRST: readonly Action[] = ['CANCEL', 'VIEW_RESULT', 'RETRY'];

/** The likeliest action as a button, all of them in a menu: those that do not apply are shown with their reason. */
export function RowActions({ job }: { job: Job }) {
  const { t } = useTranslation();
  const act = useActs();
  const first = FIRST.find((action) => job.allowedActions.includes(action));
  return (
    <Group gap={4} wrap="nowrap" justify="flex-end">
      {first && (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`${t(`action.${first}`)}: ${job.name}`}
          onClick={() => act(first, job)}
        >
          {t(`action.${first}`)}
        </Button>
      )}
      <MoreActions job={job} act={act} />
    </Group>
  );
}

/** A menu costs as much as the rest of its row, and few are ever opened: it is made when it is first asked for. */
function MoreActions({ job, act }: { job: Job; act: (action: Action, job: Job) => void }) {
  const { t } = useTranslation();
  const [isMade, setMade] = useState(false);
  const dots = {
    ...{ variant: 'subtle', color: 'gray', size: 'md', 'aria-label': t('jobs.more', { name: job.name }) },
    children: <IconDots size={18} aria-hidden />,
  };
  if (!isMade) return <ActionIcon {...dots} aria-haspopup="menu" aria-expanded={false} onClick={() => setMade(true)} />;
  return (
    <Menu defaultOpened position="bottom-end" width={280}>
      <Menu.Target>
        <ActionIcon {...dots} />
      </Menu.Target>
      <Menu.Dropdown>
        {ACTIONS.map((action) => (
          <ActionItem key={action} action={action} job={job} onClick={() => act(action, job)} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function ActionItem({ action, job, onClick }: { action: Action; job: Job; onClick: () => void }) {
  const { t } = useTranslation();
  const Picture = ACTION_ICONS[action];
  const reason = reasonAgainst(action, job, t);
  return (
    <Menu.Item
      leftSection={<Picture size={16} aria-hidden />}
      // Not the attribute, which takes it out of reach: whoever comes here by keyboard wants to know why.
      data-disabled={reason ? true : undefined}
      aria-disabled={reason ? true : undefined}
      closeMenuOnClick={!reason}
      className={isDangerous(action) && !reason ? 'danger' : undefined}
      onClick={reason ? undefined : onClick}
    >
      <Stack gap={0}>
        <span>{t(`action.${action}`)}</span>
        {reason && <Text size="xs">{reason}</Text>}
      </Stack>
    </Menu.Item>
  );
}
