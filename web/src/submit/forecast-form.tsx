import { Button, NumberInput, Select, SimpleGrid, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { SubmitForecastDocument, type SubmitForecastInput } from '../../../src/client/index.ts';
import { Card } from '../parts/card.tsx';
import { Faults } from '../parts/faults.tsx';
import { useClient } from '../session-context.tsx';
import { FileField } from './file-field.tsx';
import { useFile } from './use-file.ts';

const ROUNDINGS = ['NEAREST', 'NONE', 'UP', 'DOWN'] as const;

interface Options {
  name: string;
  horizon: number;
  rounding: (typeof ROUNDINGS)[number];
  siteCodes: string[];
  startDate: string;
  zeroThreshold: number;
  dateFormat: string;
}

const FIRST: Options = {
  name: '',
  horizon: 30,
  rounding: 'NEAREST',
  siteCodes: [],
  startDate: '',
  zeroThreshold: 0,
  dateFormat: 'YYYY-MM-DD',
};

export function ForecastForm() {
  const { t } = useTranslation();
  const client = useClient();
  const form = useForm({ initialValues: FIRST });
  const { submit, isPending, faults, field } = useFile(async (uploadId, options: Options, idempotencyKey) => {
    const { name, siteCodes, startDate, ...rest } = options;
    const input: SubmitForecastInput = {
      ...rest,
      ...(name && { name }),
      ...(siteCodes.length > 0 && { siteCodes }),
      ...(startDate && { startDate }),
      uploadId,
      idempotencyKey,
    };
    return (await client.request(SubmitForecastDocument, { input })).submitForecast;
  }, 'text/csv');
  const beside = (name: string) => faults.find((fault) => fault.field === name)?.text;
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Card>
        <Stack gap="lg">
          <FileField {...field} hint={t('submit.dropCsv')} accept={{ 'text/csv': ['.csv'] }} />
          <SimpleGrid cols={{ base: 1, sm: 2, md: 3 }}>
            <NumberInput
              label={t('submit.horizon')}
              min={1}
              max={90}
              allowDecimal={false}
              {...form.getInputProps('horizon')}
              error={beside('horizon')}
            />
            <Select
              label={t('submit.rounding')}
              data={ROUNDINGS.map((value) => ({ value, label: t(`submit.roundings.${value}`) }))}
              allowDeselect={false}
              {...form.getInputProps('rounding')}
            />
            <NumberInput
              label={t('submit.zeroThreshold')}
              min={0}
              step={0.1}
              {...form.getInputProps('zeroThreshold')}
              error={beside('zeroThreshold')}
            />
            <TextInput
              label={t('submit.dateFormat')}
              {...form.getInputProps('dateFormat')}
              error={beside('dateFormat')}
            />
            <TextInput
              label={t('submit.startDate')}
              description={t('submit.startDateHint')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...form.getInputProps('startDate')}
              error={beside('startDate')}
            />
            <TagsInput
              label={t('submit.sites')}
              description={t('submit.sitesHint')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...form.getInputProps('siteCodes')}
              error={beside('siteCodes')}
            />
            <TextInput
              label={t('submit.name')}
              description={t('submit.nameHint')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...form.getInputProps('name')}
              error={beside('name')}
            />
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
