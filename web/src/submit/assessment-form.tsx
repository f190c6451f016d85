import { Accordion, Button, Group, NumberInput, SimpleGrid, Slider, Stack, Switch, Text } from '@mantine/core';
import { IconSparkles } from '@tabler/icons-react';
import { type FormEvent, memo, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { SubmitAssessmentDocument, type SubmitAssessmentInput } from '../../../src/client/index.ts';
import { Card } from '../parts/card.tsx';
import { Faults } from '../parts/faults.tsx';
import { useScaleName } from '../scale-name.ts';
import { useClient } from '../session-context.tsx';
import { type Block, exampleScores, middleScores, SCALES } from './scales.ts';
import { type FieldFault, useSubmit } from './use-submit.ts';

/** An assessment by sliders. */
export function AssessmentForm() {
  const { t } = useTranslation();
  const client = useClient();
  const [scores, setScores] = useState(middleScores);
  const [hasIndustries, setHasIndustries] = useState(false);
  const { submit, isPending, faults } = useSubmit(async (input: SubmitAssessmentInput, idempotencyKey) => {
    const answer = await client.request(SubmitAssessmentDocument, { input: { ...input, idempotencyKey } });
    return answer.submitAssessment;
  });
  const set = useCallback(
    (block: Block, scale: string, score: number) =>
      setScores((present) => ({ ...present, [block]: { ...present[block], [scale]: score } })),
    [],
  );
  const send = (event: FormEvent) => {
    event.preventDefault();
    const { industryScore, ...needed } = scores;
    submit({ ...needed, ...(hasIndustries && { industryScore }) } as SubmitAssessmentInput);
  };
  const fields = (block: Block) => (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="xl" verticalSpacing="md">
      {SCALES[block].map((scale) => (
        <Scale
          key={scale}
          {...{ block, scale }}
          score={scores[block][scale] ?? 0}
          fault={faultOf(faults, `${block}.${scale}`)}
          onScore={set}
        />
      ))}
    </SimpleGrid>
  );
  return (
    <form onSubmit={send} noValidate>
      <Stack gap="md">
        <Group gap="sm">
          <Button
            variant="light"
            leftSection={<IconSparkles size={16} aria-hidden />}
            onClick={() => setScores(exampleScores())}
          >
            {t('submit.example')}
          </Button>
          <Button variant="subtle" onClick={() => setScores(middleScores())}>
            {t('submit.reset')}
          </Button>
        </Group>
        <Accordion multiple defaultValue={['riasec', 'ocean']} variant="separated" className="sections" order={2}>
          {(['riasec', 'ocean', 'viaIs'] as const).map((block) => (
            <Accordion.Item key={block} value={block}>
              <Accordion.Control>
                <Text fw={600}>{t(`block.${block}`)}</Text>
              </Accordion.Control>
              <Accordion.Panel pt="xs">{fields(block)}</Accordion.Panel>
            </Accordion.Item>
          ))}
          <Accordion.Item value="industryScore">
            <Accordion.Control>
              <Text fw={600}>{t('block.industryScore')}</Text>
              <Text size="sm" c="dimmed">
                {t('block.industryHint')}
              </Text>
            </Accordion.Control>
            <Accordion.Panel pt="xs">
              <Switch
                mb="lg"
                label={t('block.giveIndustries')}
                checked={hasIndustries}
                onChange={(event) => setHasIndustries(event.currentTarget.checked)}
              />
              {hasIndustries && fields('industryScore')}
            </Accordion.Panel>
          </Accordion.Item>
        </Accordion>
        <Faults faults={faults.map(({ label, text }) => ({ field: label, text }))} />
        <Card p="sm" shadow="md" className="card foot">
          <Button type="submit" size="md" loading={isPending}>
            {t('submit.go')}
          </Button>
        </Card>
      </Stack>
    </form>
  );
}

const faultOf = (faults: readonly FieldFault[], field: string): string | undefined =>
  faults.find((fault) => fault.field === field)?.text;

interface ScaleProps {
  block: Block;
  scale: string;
  score: number;
  fault: string | undefined;
  onScore: (block: Block, scale: string, score: number) => void;
}

/** One scale: a slider to find, a number to be exact. */
const Scale = memo(function Scale({ block, scale, score, fault, onScore }: ScaleProps) {
  const name = useScaleName()(scale);
  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={500}>
          {name}
        </Text>
        <NumberInput
          aria-label={name}
          size="xs"
          w={76}
          min={0}
          max={100}
          allowDecimal={false}
          clampBehavior="strict"
          value={score}
          error={fault !== undefined}
          onChange={(value) => onScore(block, scale, Number(value) || 0)}
        />
      </Group>
      <Slider
        thumbLabel={name}
        label={null}
        value={score}
        onChange={(value) => onScore(block, scale, value)}
        color={fault ? 'red' : undefined}
      />
      {fault && (
        <Text size="xs" c="red.8" role="alert">
          {fault}
        </Text>
      )}
    </Stack>
  );
});
