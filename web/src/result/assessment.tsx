import { Alert, Badge, Grid, Group, List, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Card } from '../parts/card.tsx';
import { Figure } from '../parts/figure.tsx';
import { useScaleName } from '../scale-name.ts';
import { Careers } from './careers.tsx';
import { Interests } from './interests.tsx';
import type { Finished } from './result-page.tsx';
import { ScoreBars } from './score-bars.tsx';

export type Report = NonNullable<Finished['result']['assessment']>;
type Band = Report['scores']['bands'][number];

/** How many strengths are shown from each end. */
const ENDS = 5;
const BEST_INDUSTRIES = 12;

/** An assessment: what can be seen first, then what is to be read. */
export function Assessment({ report }: { report: Report }) {
  const { t } = useTranslation();
  return (
    <Stack gap="md">
      <Pictures report={report} />
      <Card title={t('result.summary')}>
        <Text>{report.shortSummary}</Text>
      </Card>
      <Words report={report} />
      <Text size="xs" c="dimmed">
        {t('result.engine', report.engine)}
      </Text>
    </Stack>
  );
}

function Pictures({ report: { scores } }: { report: Report }) {
  const { t } = useTranslation();
  const nameOf = useScaleName();
  const of = (block: string) => scores.bands.filter((band) => band.block === block);
  const bar = ({ dimension, score, band }: Band) => ({ name: nameOf(dimension), score, note: t(`level.${band}`) });
  const strengths = of('viaIs').sort((one, other) => other.score - one.score);
  const consistency = String(scores.consistency) as '1' | '2' | '3';
  return (
    <Grid gap="md">
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Card title={t('result.interests')} h="100%">
          <Interests scores={of('riasec')} />
          <Group grow mt="sm" align="stretch" gap="xs">
            <Figure name={t('result.holland')} value={scores.hollandCode} />
            <Figure name={t('result.consistency')} value={t(`result.consistencies.${consistency}`)} />
            <Figure name={t('result.differentiation')} value={scores.differentiation} />
          </Group>
        </Card>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 6 }}>
        <Stack h="100%">
          <Card title={t('result.personality')}>
            <ScoreBars scores={of('ocean').map(bar)} />
          </Card>
          <Card title={t('result.virtues')} flex={1}>
            <ScoreBars
              scores={Object.entries(scores.virtues).map(([name, score]) => ({ name: nameOf(name), score }))}
            />
          </Card>
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 6, md: 4 }}>
        <Card title={t('result.top')} h="100%">
          <ScoreBars scores={strengths.slice(0, ENDS).map(bar)} />
        </Card>
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 6, md: 4 }}>
        <Card title={t('result.bottom')} h="100%">
          <ScoreBars scores={strengths.slice(-ENDS).map((band) => ({ ...bar(band), color: 'gray.6' }))} />
        </Card>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 4 }}>
        <Card title={t('result.industries')} h="100%">
          <List
            type="ordered"
            spacing={6}
            size="sm"
            styles={{ itemWrapper: { width: '100%' }, itemLabel: { width: '100%' } }}
          >
            {scores.industries.slice(0, BEST_INDUSTRIES).map(({ industry, score }) => (
              <List.Item key={industry}>
                <Group justify="space-between" wrap="nowrap">
                  <span>{nameOf(industry)}</span>
                  <b>{score}</b>
                </Group>
              </List.Item>
            ))}
          </List>
        </Card>
      </Grid.Col>
      {scores.warnings.length > 0 && (
        <Grid.Col span={12}>
          <Alert color="orange" className="note" icon={<IconAlertTriangle aria-hidden />} title={t('result.warnings')}>
            <Items items={scores.warnings} />
          </Alert>
        </Grid.Col>
      )}
    </Grid>
  );
}

function Words({ report }: { report: Report }) {
  const { t } = useTranslation();
  return (
    <Grid gap="md">
      <Part title={t('result.strengths')} lead={report.strengthSummary} items={report.strengths} />
      <Part title={t('result.weaknesses')} lead={report.weaknessSummary} items={report.weaknesses} />
      <Grid.Col span={12}>
        <Careers careers={report.careerRecommendation} />
      </Grid.Col>
      <Part title={t('result.insights')} items={report.insights} />
      <Part title={t('result.pitfalls')} items={report.possiblePitfalls} />
      <Part title={t('result.workEnvironment')} lead={report.workEnvironment} />
      <Part title={t('result.learningStyle')} lead={report.learningStyle}>
        <Group gap="xs" mt="sm">
          <Text size="sm" c="dimmed">
            {t('result.riskTolerance')}
          </Text>
          <Badge variant="default" tt="none">
            {t(`level.${report.riskTolerance}`)}
          </Badge>
        </Group>
      </Part>
      <Part title={t('result.motivators')} items={report.coreMotivators} />
      <Part title={t('result.skills')} items={report.skillSuggestion} />
      <Part title={t('result.roleModels')} items={report.roleModel.map(({ name, title }) => `${name}, ${title}`)} />
      <Part title={t('result.development')}>
        <Subtitle text={t('result.activities')} />
        <Items items={report.developmentActivities.extracurricular} />
        <Subtitle text={t('result.books')} />
        <Items
          items={report.developmentActivities.bookRecommendations.map(
            ({ title, author, reason }) => `${title}, ${author}: ${reason}`,
          )}
        />
      </Part>
    </Grid>
  );
}

interface PartProps {
  title: string;
  lead?: string;
  items?: readonly string[];
  children?: React.ReactNode;
}

function Part({ title, lead, items, children }: PartProps) {
  return (
    <Grid.Col span={{ base: 12, md: 6 }}>
      <Card title={title} h="100%">
        {lead && <Text size="sm">{lead}</Text>}
        {items && items.length > 0 && <Items items={items} mt={lead ? 'sm' : undefined} />}
        {children}
      </Card>
    </Grid.Col>
  );
}

const Subtitle = ({ text }: { text: string }) => (
  <Title order={3} fz="sm" mt="sm" mb={6}>
    {text}
  </Title>
);

const Items = ({ items, mt }: { items: readonly string[]; mt?: string }) => (
  <List size="sm" spacing={6} mt={mt}>
    {items.map((item) => (
      <List.Item key={item}>{item}</List.Item>
    ))}
  </List>
);
