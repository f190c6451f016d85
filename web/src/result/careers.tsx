import { SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Card } from '../parts/card.tsx';
import type { Report } from './assessment.tsx';

export function Careers({ careers }: { careers: Report['careerRecommendation'] }) {
  const { t } = useTranslation();
  return (
    <Card title={t('result.careers')}>
      <SimpleGrid cols={{ base: 1, md: 2, lg: 3 }} spacing="lg" verticalSpacing="xl">
        {careers.map((career) => (
          <Career key={career.careerName} career={career} />
        ))}
      </SimpleGrid>
    </Card>
  );
}

function Career({ career }: { career: Report['careerRecommendation'][number] }) {
  const { t } = useTranslation();
  const { careerName, justification, relatedMajors, careerProspect } = career;
  const prospects = Object.entries(careerProspect) as [keyof typeof careerProspect, string][];
  return (
    <Stack gap={6}>
      <Title order={3} fz="sm">
        {careerName}
      </Title>
      <Text size="sm">{justification}</Text>
      <Text size="sm" c="dimmed">
        {t('result.majors')}: {relatedMajors.join(', ')}
      </Text>
      <Stack component="dl" gap={4} m={0}>
        {prospects.map(([name, level]) => (
          <div key={name} className="pair">
            <Text component="dt" size="xs" c="dimmed">
              {t(`prospect.${name}`)}
            </Text>
            <Text component="dd" size="xs" fw={600} m={0}>
              {t(`level.${level as 'HIGH'}`)}
            </Text>
          </div>
        ))}
      </Stack>
    </Stack>
  );
}
