import { Button, Group, Stack, Textarea } from '@mantine/core';
import { IconSparkles } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SubmitAssessmentDocument, type SubmitAssessmentInput } from '../../../src/client/index.ts';
import { Card } from '../parts/card.tsx';
import { Faults } from '../parts/faults.tsx';
import { useClient } from '../session-context.tsx';
import { exampleScores } from './scales.ts';
import { useSubmit } from './use-submit.ts';

/** An assessment as text. What is wrong stands beside the text, with the path of the value. */
export function JsonForm() {
  const { t } = useTranslation();
  const client = useClient();
  const [text, setText] = useState('');
  const [broken, setBroken] = useState<string>();
  const { submit, isPending, faults, setFaults } = useSubmit(async (input: object, idempotencyKey) => {
    const given = { idempotencyKey, ...input } as SubmitAssessmentInput;
    return (await client.request(SubmitAssessmentDocument, { input: given })).submitAssessment;
  });
  const send = (event: FormEvent) => {
    event.preventDefault();
    const read = readObject(text);
    if (read.object) return submit(read.object);
    setFaults([]);
    setBroken(
      read.problem === undefined ? t('submit.jsonNoObject') : t('submit.jsonBroken', { message: read.problem }),
    );
  };
  return (
    <form onSubmit={send} noValidate>
      <Card>
        <Stack>
          <Textarea
            label={t('submit.jsonLabel')}
            description={t('submit.jsonHint')}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setBroken(undefined);
            }}
            error={broken ?? (faults.length > 0 ? t('submit.faults') : undefined)}
            autosize
            minRows={12}
            maxRows={26}
            spellCheck={false}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } }}
          />
          <Faults faults={faults.map(({ field, text: fault }) => ({ field, text: fault }))} />
          <Group>
            <Button type="submit" size="md" loading={isPending}>
              {t('submit.go')}
            </Button>
            <Button
              variant="light"
              leftSection={<IconSparkles size={16} aria-hidden />}
              onClick={() => setText(JSON.stringify(exampleScores(), null, 2))}
            >
              {t('submit.example')}
            </Button>
          </Group>
        </Stack>
      </Card>
    </form>
  );
}

function readObject(text: string): { object?: object; problem?: string } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { object: value } : {};
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
