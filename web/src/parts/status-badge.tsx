import { Badge } from '@mantine/core';
import {
  type Icon,
  IconBan,
  IconCircleCheck,
  IconClockHour4,
  IconLoader2,
  IconTrash,
  IconXboxX,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { JobStatus } from '../../../src/client/index.ts';

/** Told apart by word and picture, and by colours that also differ in lightness. */
const LOOKS: Record<JobStatus, { color: string; icon: Icon }> = {
  QUEUED: { color: 'gray', icon: IconClockHour4 },
  PROCESSING: { color: 'blue', icon: IconLoader2 },
  COMPLETED: { color: 'teal', icon: IconCircleCheck },
  FAILED: { color: 'red', icon: IconXboxX },
  CANCELLED: { color: 'orange', icon: IconBan },
};

interface Props {
  status: JobStatus;
  isDeleted?: boolean;
  size?: 'md' | 'lg';
}

export function StatusBadge({ status, isDeleted = false, size = 'md' }: Props) {
  const { t } = useTranslation();
  const { color, icon: Picture } = isDeleted ? { color: 'gray', icon: IconTrash } : LOOKS[status];
  const isMoving = status === 'PROCESSING';
  return (
    <Badge
      className="status"
      data-color={color}
      color={color}
      variant="light"
      size={size === 'lg' ? 'xl' : 'lg'}
      px={size === 'lg' ? undefined : 8}
      tt="none"
      fw={600}
      leftSection={
        <Picture size={size === 'lg' ? 18 : 14} aria-hidden className={isMoving ? 'breathing' : undefined} />
      }
    >
      {isDeleted ? t('status.deleted') : t(`status.${status}`)}
    </Badge>
  );
}
