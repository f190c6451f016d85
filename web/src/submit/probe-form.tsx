import { Button, NumberInput, Select, SimpleGrid, Stack, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { type ProbeBehaviour, SubmitProbeDocument } from '../operations.generated.ts';
import { Card } from '../parts/card.tsx';
import { Faults } from '../parts/faults.tsx';
import { useClient } from '../session-context.tsx';
import { useSubmit } from './use-submit.ts';

const BEHAVIOURS: readonly ProbeBehaviour[] = [
  ...(['PROGRESS', 'SLEEP', 'ECHO', 'FAIL', 'FLAKY', 'CRASH', 'HANG', 'SPIN', 'BIG_RESULT'] as const),
];

interface Options {
  behaviour: ProbeBehaviour;
  milliseconds: number;
  times: number;
  bytes: number;
}

export function ProbeForm() {
  const { t } = useTranslation();
  const client = useClient();
  const form = useForm<Options>({ initialValues: { behaviour: 'PROGRESS', milliseconds: 300, times: 30, bytes: 0 } });
  const { submit, isPending, faults } = useSubmit(async (input: Options, idempotencyKey) => {
    return (await client.request(SubmitProbeDocument, { input: { ...input, idempotencyKey } })).submitProbe;
  });
  const number = (name: 'milliseconds' | 'times' | 'bytes') => ({
    label: t(`submit.${name}`),
    min: 0,
    allowDecimal: false,
    ...form.getInputProps(name),
    error: faults.find((fault) => fault.field === name)?.text,
  });
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Card>
        <Stack gap="lg">
          <Text c="dimmed" size="sm">
            {t('submit.probeLead')}
          </Text>
          <SimpleGrid cols={{ base: 1, sm: 4 }}>
            <Select
              label={t('submit.behaviour')}
              data={[...BEHAVIOURS]}
              allowDeselect={false}
              {...form.getInputProps('behaviour')}
            />
            <NumberInput {...number('milliseconds')} />
            <NumberInput {...number('times')} />
            <NumberInput {...number('bytes')} />
          </SimpleGrid>
          <Faults faults={faults.map(({ label, text }) => ({ field: label, text }))} />
          <Button type="submit" size="md" loading={isPending} w="max-content">
            {t('submit.go')}
          </Button>
        </Stack>
      </Card>
    </form>
  );
}
