import { Button, NumberInput, Select, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import {
  type CompressionAlgorithm,
  SubmitCompressionDocument,
  type SubmitCompressionInput,
} from '../../../src/client/index.ts';
import { Card } from '../parts/card.tsx';
import { Faults } from '../parts/faults.tsx';
import { useClient } from '../session-context.tsx';
import { FileField } from './file-field.tsx';
import { useFile } from './use-file.ts';

interface Options {
  name: string;
  algorithm: CompressionAlgorithm;
  /** Empty for the algorithm's own. */
  level: number | '';
}

const ALGORITHMS = { ZSTD: 'Zstandard', BROTLI: 'Brotli', GZIP: 'gzip' };
const FIRST: Options = { name: '', algorithm: 'ZSTD', level: '' };

export function CompressForm() {
  const { t } = useTranslation();
  const client = useClient();
  const form = useForm({ initialValues: FIRST });
  const { submit, isPending, faults, field } = useFile(async (uploadId, options: Options, idempotencyKey) => {
    const { name, algorithm, level } = options;
    const input: SubmitCompressionInput = {
      ...{ uploadId, algorithm, idempotencyKey },
      ...(name && { name }),
      ...(level !== '' && { level }),
    };
    return (await client.request(SubmitCompressionDocument, { input })).submitCompression;
  });
  const beside = (name: string) => faults.find((fault) => fault.field === name)?.text;
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Card>
        <Stack gap="lg">
          <FileField {...field} hint={t('submit.dropAny')} />
          <SimpleGrid cols={{ base: 1, sm: 3 }}>
            <Select
              label={t('submit.algorithm')}
              data={Object.entries(ALGORITHMS).map(([value, label]) => ({ value, label }))}
              allowDeselect={false}
              {...form.getInputProps('algorithm')}
            />
            <NumberInput
              label={t('submit.level')}
              description={t('submit.levelHint')}
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              allowDecimal={false}
              {...form.getInputProps('level')}
              error={beside('level')}
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
