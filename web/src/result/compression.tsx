import { Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { bytes } from '../format.ts';
import { Card } from '../parts/card.tsx';
import { Figure } from '../parts/figure.tsx';
import { MadeFile } from './made-file.tsx';
import { PlainOutput } from './plain-output.tsx';
import type { Finished } from './result-page.tsx';

interface Output {
  algorithm: string;
  level: number;
  originalSize: number;
  compressedSize: number;
  ratio: number;
}

const isOutput = (value: unknown): value is Output =>
  typeof (value as Partial<Output> | null)?.originalSize === 'number' &&
  typeof (value as Partial<Output> | null)?.compressedSize === 'number';

/** Two bars of one scale say more than a ratio. */
export function Compression({ job: { files, result } }: { job: Finished }) {
  const { t, i18n } = useTranslation();
  const output = result.testResult;
  if (!isOutput(output)) return <PlainOutput output={output} />;
  const { algorithm, level, originalSize, compressedSize } = output;
  const largest = Math.max(originalSize, compressedSize, 1);
  const saved = originalSize > 0 ? (1 - compressedSize / originalSize) * 100 : 0;
  const bars = [
    { name: t('result.before'), size: originalSize, color: 'gray.6' },
    { name: t('result.after'), size: compressedSize, color: 'assay.7' },
  ];
  return (
    <Stack>
      <Group grow preventGrowOverflow={false} gap="md">
        <Figure name={t('result.algorithm')} value={`${algorithm} ${level}`} />
        <Figure name={t('result.before')} value={bytes(originalSize, i18n.language)} />
        <Figure name={t('result.after')} value={bytes(compressedSize, i18n.language)} />
      </Group>
      <Card title={t('result.size')} aside={<MadeFile files={files} />}>
        <Stack gap="sm">
          {bars.map(({ name, size, color }) => (
            <Group key={name} wrap="nowrap">
              <Text size="sm" w={80}>
                {name}
              </Text>
              <Progress value={(size / largest) * 100} color={color} size="xl" flex={1} aria-label={name} />
              <Text size="sm" fw={600} w={90} ta="right">
                {bytes(size, i18n.language)}
              </Text>
            </Group>
          ))}
          <Text size="sm" c="dimmed">
            {saved > 0 ? t('result.saved', { percent: Math.round(saved) }) : t('result.grown')}
          </Text>
        </Stack>
      </Card>
    </Stack>
  );
}
