import { Group, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Card } from '../parts/card.tsx';
import { WhenRead } from '../parts/when-read.tsx';
import { useReadiness } from './readiness.ts';
import { useSystemNow } from './system.ts';
import { Verdict } from './verdict.tsx';

/** From here on PostgreSQL itself warns. */
const HALF_FULL = 0.5;

/** @param mayRead whether the token may see more than anybody */
export function Health({ mayRead }: { mayRead: boolean }) {
  const { t } = useTranslation();
  return (
    <Card title={t('ops.health')}>
      <Stack gap="xs">
        <WhenRead query={useReadiness()} h={90}>
          {(ready) =>
            (['database', 'migrations', 'feed'] as const).map((part) => (
              <Group key={part} justify="space-between">
                <Text size="sm">{t(`ops.${part}`)}</Text>
                <Verdict isWell={ready[part]} text={ready[part] ? t('ops.ready') : t('ops.notReady')} />
              </Group>
            ))
          }
        </WhenRead>
        {mayRead && <NotifyQueue />}
      </Stack>
    </Card>
  );
}

function NotifyQueue() {
  const { t, i18n } = useTranslation();
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
  return (
    <WhenRead query={useSystemNow()} h={24}>
      {({ notifyQueueUsage: share }) => (
        <div>
          <Group justify="space-between">
            <Text size="sm">{t('ops.notifyQueue')}</Text>
            <Verdict isWell={share < HALF_FULL} text={t('ops.full', { share: percent.format(share) })} />
          </Group>
          {share >= HALF_FULL && (
            <Text size="xs" c="dimmed">
              {t('ops.notifyQueueHint')}
            </Text>
          )}
        </div>
      )}
    </WhenRead>
  );
}
