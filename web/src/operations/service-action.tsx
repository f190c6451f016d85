import { Alert, Stack, Text } from '@mantine/core';
import type { UseMutationResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { FaultFragment } from '../operations.generated.ts';
import { Card } from '../parts/card.tsx';
import { errorText, faultText } from '../parts/faults.tsx';

/** What came of it, in words. */
export interface Answer {
  text: string;
  faults: readonly FaultFragment[];
}

interface Props {
  title: string;
  hint: string;
  /** The scope that it needs, where the token lacks it. */
  lacking?: string;
  act: Pick<UseMutationResult<Answer, Error, never>, 'data' | 'error'>;
  children: ReactNode;
}

/** One thing that a service may do, with its answer. */
export function ServiceAction({ title, hint, lacking, act: { data, error }, children }: Props) {
  const { t } = useTranslation();
  const fault = data?.faults[0];
  const problem = error ? errorText(error, t) : fault && faultText(fault, t);
  return (
    <Card title={title}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {hint}
        </Text>
        {lacking ? (
          <Text size="sm" fw={600}>
            {t('ops.needs', { scope: lacking })}
          </Text>
        ) : (
          children
        )}
        <div aria-live="polite">
          {problem && (
            <Alert color="red" className="note">
              {problem}
            </Alert>
          )}
          {data && !problem && (
            <Alert color="teal" className="note">
              {data.text}
            </Alert>
          )}
        </div>
      </Stack>
    </Card>
  );
}
