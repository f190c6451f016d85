import {
  type Icon,
  IconDownload,
  IconEraser,
  IconEye,
  IconPlayerStop,
  IconRotateClockwise2,
  IconTrash,
} from '@tabler/icons-react';
import type { Action } from './actions.ts';

export const ACTION_ICONS: Record<Action, Icon> = {
  CANCEL: IconPlayerStop,
  DELETE: IconTrash,
  FORCE_DELETE: IconEraser,
  RETRY: IconRotateClockwise2,
  VIEW_RESULT: IconEye,
  DOWNLOAD: IconDownload,
};

/** What takes something away. */
export const isDangerous = (action: Action): boolean =>
  action === 'CANCEL' || action === 'DELETE' || action === 'FORCE_DELETE';
