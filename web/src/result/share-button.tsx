import { Badge, Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconLink, IconShare2 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Finished } from './result-page.tsx';
import { ShareDialog } from './share-dialog.tsx';

/** Opens a result to others, and closes it. It is its owner's. */
export function ShareButton({ job }: { job: Finished }) {
  const { t } = useTranslation();
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <>
      <Button variant="default" leftSection={<IconShare2 size={16} aria-hidden />} onClick={open}>
        {t('share.button')}
      </Button>
      <Modal opened={isOpen} onClose={close} title={t('share.title')} size="lg" centered>
        <ShareDialog job={job} onDone={close} />
      </Modal>
    </>
  );
}

export function SharedBadge() {
  const { t } = useTranslation();
  return (
    <Badge
      variant="default"
      size="lg"
      tt="none"
      fw={600}
      mt={6}
      className="unprinted"
      leftSection={<IconLink size={14} aria-hidden />}
    >
      {t('share.badge')}
    </Badge>
  );
}
