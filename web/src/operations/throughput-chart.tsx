import '@mantine/charts/styles.css';
import { BarChart } from '@mantine/charts';
import { VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ENDS, type Minute } from './last-hour.ts';

/** A bar for each minute, of the jobs that ended in it. */
export function ThroughputChart({ minutes, h }: { minutes: readonly Minute[]; h: number }) {
  const { t, i18n } = useTranslation();
  const number = new Intl.NumberFormat(i18n.language);
  const clock = new Intl.DateTimeFormat(i18n.language, { hour: '2-digit', minute: '2-digit' });
  const data = minutes.map((counts) => ({
    ...counts,
    minute: clock.format(new Date(counts.minute)),
    ended: counts.completed + counts.failed + counts.cancelled,
  }));
  const count = Math.max(0, ...data.map(({ ended }) => ended));
  const minute = data.find(({ ended }) => ended === count)?.minute;
  return (
    <figure className="chart">
      <div aria-hidden>
        <BarChart
          h={h}
          data={data}
          dataKey="minute"
          type="stacked"
          tickLine="none"
          accessibilityLayer={false}
          barChartProps={{ barCategoryGap: 1 }}
          valueFormatter={(value) => number.format(value)}
          xAxisProps={{ minTickGap: 60 }}
          yAxisProps={{ allowDecimals: false, tickCount: 3, width: 44 }}
          series={ENDS.map(({ name, status, color }) => ({ name, label: t(`status.${status}`), color }))}
        />
      </div>
      <VisuallyHidden>
        <figcaption>{count > 0 ? t('ops.throughputAlt', { count, minute }) : t('ops.throughputNone')}</figcaption>
      </VisuallyHidden>
    </figure>
  );
}
