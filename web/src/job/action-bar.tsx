import { Button, Tooltip } from '@mantine/core';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import { ACTIONS, type Action, type Job, reasonAgainst } from './actions.ts';
import { ACTION_ICONS, isDangerous } from './looks.ts';
import { useActs } from './use-acts.tsx';

/** Everything that can be done to a job; what does not apply stays reachable and says why. */
export function ActionBar({ job }: { job: Job }) {
  const act = useActs();
  return ACTIONS.map((action) => (
    <ActionButton key={action} action={action} job={job} onClick={() => act(action, job)} />
  ));
}

function ActionButton({ action, job, onClick }: { action: Action; job: Job; onClick: () => void }) {
  const { t } = useTranslation();
  const id = useId();
  const Picture = ACTION_ICONS[action];
  const reason = reasonAgainst(action, job, t);
  const color = isDangerous(action) ? 'red' : undefined;
  return (
    <>
      <Tooltip label={reason} disabled={!reason} multiline maw={260}>
        <Button
          size="sm"
          variant={reason ? 'default' : action === 'VIEW_RESULT' ? 'filled' : 'light'}
          color={color}
          data-disabled={reason ? true : undefined}
          aria-disabled={reason ? true : undefined}
          aria-describedby={reason ? id : undefined}
          leftSection={<Picture size={16} aria-hidden />}
          onClick={reason ? (event) => event.preventDefault() : onClick}
        >
          {t(`action.${action}`)}
        </Button>
      </Tooltip>
      {reason && (
        <span id={id} hidden>
          {reason}
        </span>
      )}
    </>
  );
}
