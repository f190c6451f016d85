import { Alert, Button, Group, List, SimpleGrid, Stack, Text, TextInput, Title } from '@mantine/core';
import { useClipboard, useFocusTrap } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import {
  IconCheck,
  IconCopy,
  IconExternalLink,
  IconEye,
  IconEyeOff,
  IconLinkOff,
  IconLinkPlus,
} from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ShareResultDocument, UnshareResultDocument } from '../../../src/client/index.ts';
import type { FaultFragment } from '../operations.generated.ts';
import { errorText, faultText } from '../parts/faults.tsx';
import { useClient } from '../session-context.tsx';
import type { Finished } from './result-page.tsx';

/** What others will see, and the link: made, copied, and closed after a question. */
export function ShareDialog({ job, onDone }: { job: Finished; onDone: () => void }) {
  const { t } = useTranslation();
  const [isAsking, setIsAsking] = useState(false);
  const share = useShare(job.result.id);
  const { shareUrl } = job.result;
  const close = () =>
    share.mutate(false, {
      onSuccess: (fault) => {
        if (fault) return;
        notifications.show({ color: 'teal', title: job.name, message: t('share.closed') });
        onDone();
      },
    });
  const problem = share.error ? errorText(share.error, t) : share.data && faultText(share.data, t);
  return (
    <Stack>
      <Text size="sm">{t('share.lead')}</Text>
      <Views job={job} />
      {problem && (
        <Alert role="alert" color="red">
          {problem}
        </Alert>
      )}
      {isAsking && <Asking isPending={share.isPending} onNo={() => setIsAsking(false)} onYes={close} />}
      {!isAsking && shareUrl && <Open url={shareUrl} onClose={() => setIsAsking(true)} />}
      {!isAsking && !shareUrl && <Closed isPending={share.isPending} onMake={() => share.mutate(true)} />}
    </Stack>
  );
}

/** Opens the result, or closes it; answers why not. */
function useShare(id: string) {
  const client = useClient();
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (isOpen: boolean): Promise<FaultFragment | undefined> => {
      const { userErrors } = isOpen
        ? (await client.request(ShareResultDocument, { id })).shareResult
        : (await client.request(UnshareResultDocument, { id })).unshareResult;
      return userErrors[0];
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ['report'] }),
  });
}

function Views({ job: { name, result } }: { job: Finished }) {
  const { t } = useTranslation();
  const isReport = result.assessment !== null;
  const answer = t(isReport ? 'share.seenReport' : 'share.seenOutput');
  const input = t(isReport ? 'share.unseenAnswers' : 'share.unseenInput');
  const seen = [answer, t('share.seenName', { name })];
  const unseen = [input, t('share.unseenWho'), t('share.unseenJob')];
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }}>
      <View title={t('share.seen')} items={seen} icon={<IconEye size={18} aria-hidden />} />
      <View title={t('share.unseen')} items={unseen} icon={<IconEyeOff size={18} aria-hidden />} />
    </SimpleGrid>
  );
}

function View({ title, items, icon }: { title: string; items: readonly string[]; icon: ReactNode }) {
  return (
    <div>
      <Group gap={6} mb={6}>
        {icon}
        <Title order={3} fz="sm">
          {title}
        </Title>
      </Group>
      <List size="sm" spacing={4}>
        {items.map((item) => (
          <List.Item key={item}>{item}</List.Item>
        ))}
      </List>
    </div>
  );
}

function Closed({ isPending, onMake }: { isPending: boolean; onMake: () => void }) {
  const { t } = useTranslation();
  return (
    <Step>
      <Group justify="flex-end">
        <Button loading={isPending} leftSection={<IconLinkPlus size={16} aria-hidden />} onClick={onMake}>
          {t('share.make')}
        </Button>
      </Group>
    </Step>
  );
}

function Open({ url, onClose }: { url: string; onClose: () => void }) {
  const { t } = useTranslation();
  const clipboard = useClipboard();
  const Picture = clipboard.copied ? IconCheck : IconCopy;
  return (
    <Step>
      <TextInput
        label={t('share.link')}
        value={url}
        readOnly
        error={clipboard.error && t('share.copyFailed')}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Group justify="space-between">
        <Button variant="light" color="red" leftSection={<IconLinkOff size={16} aria-hidden />} onClick={onClose}>
          {t('share.close')}
        </Button>
        <Group gap="sm">
          <Button
            component="a"
            href={url}
            target="_blank"
            rel="noreferrer"
            variant="default"
            leftSection={<IconExternalLink size={16} aria-hidden />}
          >
            {t('share.open')}
          </Button>
          <Button data-autofocus leftSection={<Picture size={16} aria-hidden />} onClick={() => clipboard.copy(url)}>
            <span aria-live="polite">{clipboard.copied ? t('shell.copied') : t('share.copy')}</span>
          </Button>
        </Group>
      </Group>
    </Step>
  );
}

function Asking({ isPending, onNo, onYes }: { isPending: boolean; onNo: () => void; onYes: () => void }) {
  const { t } = useTranslation();
  return (
    <Step>
      <Alert color="orange" className="note" title={t('share.closeTitle')} icon={<IconLinkOff aria-hidden />}>
        {t('share.closeText')}
      </Alert>
      <Group justify="flex-end">
        <Button variant="default" data-autofocus onClick={onNo}>
          {t('share.keep')}
        </Button>
        <Button color="red.8" loading={isPending} onClick={onYes}>
          {t('share.closeYes')}
        </Button>
      </Group>
    </Step>
  );
}

/** What can be done now. It takes the focus: the button that led here is gone. */
function Step({ children }: { children: ReactNode }) {
  return <Stack ref={useFocusTrap()}>{children}</Stack>;
}
