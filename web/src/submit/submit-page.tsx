import { Tabs } from '@mantine/core';
import {
  type Icon,
  IconAdjustmentsHorizontal,
  IconBraces,
  IconBug,
  IconChartLine,
  IconFileZip,
  IconRobot,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ComponentType, lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useParams } from 'react-router';
import { AssayError } from '../../../src/client/index.ts';
import { SubmitProbeDocument } from '../operations.generated.ts';
import { EmptyState } from '../parts/empty-state.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { useClient, useViewer } from '../session-context.tsx';
import { AssessmentForm } from './assessment-form.tsx';
import { JsonForm } from './json-form.tsx';

const FORMS = {
  assessment: [IconAdjustmentsHorizontal, AssessmentForm],
  json: [IconBraces, JsonForm],
  forecast: [IconChartLine, lazy(async () => ({ default: (await import('./forecast-form.tsx')).ForecastForm }))],
  compress: [IconFileZip, lazy(async () => ({ default: (await import('./compress-form.tsx')).CompressForm }))],
  probe: [IconBug, lazy(async () => ({ default: (await import('./probe-form.tsx')).ProbeForm }))],
} satisfies Record<string, [Icon, ComponentType]>;
type Form = keyof typeof FORMS;

export function SubmitPage() {
  const { t } = useTranslation();
  const viewer = useViewer();
  const navigate = useNavigate();
  const { form = 'assessment' } = useParams();
  const hasProbes = useProbes();
  if (viewer?.kind === 'SERVICE') {
    return <EmptyState isPage icon={IconRobot} title={t('submit.notUser')} text={t('submit.notUserHint')} />;
  }
  const names = (Object.keys(FORMS) as Form[]).filter((name) => name !== 'probe' || hasProbes);
  const shown = names.find((name) => name === form) ?? 'assessment';
  return (
    <>
      <PageHead title={t('submit.title')} lead={t('submit.lead')} />
      <Tabs value={shown} onChange={(name) => void navigate(`/submit/${name}`, { replace: true })} keepMounted={false}>
        <Tabs.List mb="lg">
          {names.map((name) => {
            const [Picture] = FORMS[name];
            return (
              <Tabs.Tab key={name} value={name} leftSection={<Picture size={16} aria-hidden />}>
                {t(`submit.${name}`)}
              </Tabs.Tab>
            );
          })}
        </Tabs.List>
        {names.map((name) => {
          const [, Fields] = FORMS[name];
          return (
            <Tabs.Panel key={name} value={name}>
              <Suspense fallback={t('loading')}>
                <Fields />
              </Suspense>
            </Tabs.Panel>
          );
        })}
      </Tabs>
    </>
  );
}

/**
 * Whether this installation takes probes. It says so nowhere, but refuses every probe as FORBIDDEN where it does not: so it
 * is asked for one that could never run.
 */
function useProbes(): boolean {
  const client = useClient();
  const { data } = useQuery({
    queryKey: ['probes'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      try {
        await client.request(SubmitProbeDocument, { input: { behaviour: 'ECHO', milliseconds: -1 } });
        return true;
      } catch (error) {
        if (error instanceof AssayError && error.code === 'FORBIDDEN') return false;
        throw error;
      }
    },
  });
  return data === true;
}
