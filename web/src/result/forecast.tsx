import '@mantine/charts/styles.css';
import { LineChart } from '@mantine/charts';
import { Alert, Group, Select, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Card } from '../parts/card.tsx';
import { Figure } from '../parts/figure.tsx';
import { readDemand } from './demand.ts';
import { MadeFile } from './made-file.tsx';
import { PlainOutput } from './plain-output.tsx';
import type { Finished } from './result-page.tsx';

/** A larger table would take a browser longer to add up than anybody waits. */
const LARGEST_BYTES = 8_000_000;
/** Days of the history that are drawn: more would squeeze the forecast out of sight. */
const HISTORY_DAYS = 180;

type Errors = Record<'mae' | 'rmse' | 'mape' | 'smape', number | null>;
interface Output {
  rows: number;
  series: number;
  shortSeries: number;
  skippedSeries: number;
  horizon: number;
  accuracy: { heldOutDays: number; model: Errors; seasonalNaive: Errors };
}

const isOutput = (value: unknown): value is Output =>
  typeof (value as Partial<Output> | null)?.accuracy?.model === 'object';

export function Forecast({ job }: { job: Finished }) {
  const { t, i18n } = useTranslation();
  const output = job.result.testResult;
  if (!isOutput(output)) return <PlainOutput output={output} />;
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <Stack gap="md">
      <Group grow preventGrowOverflow={false}>
        <Figure name={t('forecast.horizon')} value={number.format(output.horizon)} />
        <Figure name={t('forecast.seriesCount')} value={number.format(output.series)} />
        <Figure name={t('forecast.rows')} value={number.format(output.rows)} />
        <Figure name={t('forecast.shortSeries')} value={number.format(output.shortSeries)} />
        <Figure name={t('forecast.skipped')} value={number.format(output.skippedSeries)} />
      </Group>
      <Card title={t('forecast.title')} aside={<MadeFile files={job.files} />}>
        <Chart job={job} />
      </Card>
      <Accuracy accuracy={output.accuracy} />
    </Stack>
  );
}

function Chart({ job: { id, files, result } }: { job: Finished }) {
  const { t, i18n } = useTranslation();
  const [series, setSeries] = useState<string | null>(null);
  const { dateFormat: form = 'YYYY-MM-DD' } = result.testData as { dateFormat?: string };
  const isTooLarge = files.some(({ size }) => size > LARGEST_BYTES);
  const { data, error } = useQuery({
    queryKey: ['demand', id],
    enabled: !isTooLarge,
    staleTime: Number.POSITIVE_INFINITY,
    retry: 1,
    queryFn: async () => readDemand(await textOf(files, 'INPUT'), await textOf(files, 'OUTPUT'), form),
  });
  if (isTooLarge) return <Text c="dimmed">{t('forecast.tooLarge')}</Text>;
  if (error) return <Alert color="orange">{t('forecast.away')}</Alert>;
  if (!data) return <Skeleton h={340} />;
  const days = data.days(series ?? undefined);
  const begin = days.findIndex(({ forecast }) => forecast !== undefined);
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 1 });
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-end">
        <Text size="sm" c="dimmed">
          {t('forecast.lead')}
        </Text>
        <Select
          aria-label={t('forecast.series')}
          placeholder={t('forecast.all')}
          data={data.series}
          value={series}
          onChange={setSeries}
          searchable
          clearable
          w={240}
        />
      </Group>
      <div role="img" aria-label={t('forecast.alt')}>
        <LineChart
          h={340}
          data={days.slice(Math.max(0, begin - HISTORY_DAYS))}
          dataKey="date"
          curveType="linear"
          withDots={false}
          withLegend
          connectNulls
          strokeWidth={2}
          valueFormatter={(value) => number.format(value)}
          lineChartProps={{ accessibilityLayer: false }}
          lineProps={{ isAnimationActive: false }}
          xAxisProps={{ minTickGap: 40 }}
          series={[
            { name: 'history', label: t('forecast.history'), color: 'gray.6' },
            { name: 'forecast', label: t('forecast.forecast'), color: 'assay.6', strokeDasharray: '6 3' },
          ]}
        />
      </div>
    </Stack>
  );
}

async function textOf(files: Finished['files'], role: 'INPUT' | 'OUTPUT'): Promise<string> {
  const file = files.find((each) => each.role === role);
  const response = await fetch(file?.url ?? '');
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return await response.text();
}

function Accuracy({ accuracy: { model, seasonalNaive } }: { accuracy: Output['accuracy'] }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 2 });
  const names = ['mae', 'rmse', 'mape', 'smape'] as const;
  const shown = (value: number | null, isShare: boolean) =>
    value === null ? '–' : `${number.format(value)}${isShare ? ' %' : ''}`;
  return (
    <Card title={t('forecast.errors')}>
      <Text size="sm" c="dimmed" mb="sm">
        {model.mae === null ? t('forecast.none') : t('forecast.errorsHint')}
      </Text>
      {model.mae !== null && (
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('forecast.measure')}</Table.Th>
              <Table.Th ta="right">{t('forecast.model')}</Table.Th>
              <Table.Th ta="right">{t('forecast.naive')}</Table.Th>
              <Table.Td />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {names.map((name) => (
              <Table.Tr key={name}>
                <Table.Th scope="row">{name === 'smape' ? 'sMAPE' : name.toUpperCase()}</Table.Th>
                <Table.Td ta="right" fw={600}>
                  {shown(model[name], name.endsWith('mape'))}
                </Table.Td>
                <Table.Td ta="right">{shown(seasonalNaive[name], name.endsWith('mape'))}</Table.Td>
                <Table.Td>
                  <Gain ours={model[name]} theirs={seasonalNaive[name]} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Card>
  );
}

function Gain({ ours, theirs }: { ours: number | null; theirs: number | null }) {
  const { t } = useTranslation();
  if (ours === null || !theirs) return null;
  const percent = Math.round((1 - ours / theirs) * 100);
  return (
    <Text size="sm">
      {percent >= 0 ? t('forecast.better', { percent }) : t('forecast.worse', { percent: -percent })}
    </Text>
  );
}
