import '@mantine/charts/styles.css';
import { RadarChart } from '@mantine/charts';
import { VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useScaleName } from '../scale-name.ts';

/** The hexagon of interests: neighbours are alike. */
export function Interests({ scores }: { scores: readonly { dimension: string; score: number }[] }) {
  const { t } = useTranslation();
  const nameOf = useScaleName();
  const data = scores.map(({ dimension, score }) => ({ interest: nameOf(dimension), score }));
  const list = data.map(({ interest, score }) => `${interest} ${score}`).join(', ');
  return (
    <figure className="chart">
      <div aria-hidden>
        <RadarChart
          h={350}
          data={data}
          dataKey="interest"
          withPolarRadiusAxis={false}
          polarRadiusAxisProps={{ domain: [0, 100] }}
          series={[{ name: 'score', label: t('result.score'), color: 'assay.6', opacity: 0.3 }]}
          radarChartProps={{ outerRadius: '76%', accessibilityLayer: false }}
          radarProps={{ isAnimationActive: false }}
        />
      </div>
      <VisuallyHidden>
        <figcaption>{t('result.interestsAlt', { list })}</figcaption>
      </VisuallyHidden>
    </figure>
  );
}
