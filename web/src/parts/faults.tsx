import { Alert, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { AssayError } from '../../../src/client/index.ts';
import type { FaultFragment } from '../operations.generated.ts';

/** What a refusal means for the one who asked. The server's own words stand where ours would say less. */
export function faultText(fault: FaultFragment, t: TFunction): string {
  if (fault.__typename === 'InsufficientTokens') {
    return t('error.INSUFFICIENT_TOKENS', { available: fault.available, required: fault.required });
  }
  if (fault.__typename === 'RateLimited') {
    const key = fault.code === 'QUEUE_LIMIT_REACHED' ? 'error.QUEUE_LIMIT_REACHED' : 'error.RATE_LIMITED';
    return t(key, { seconds: fault.retryAfterSeconds });
  }
  switch (fault.code) {
    case 'NOT_FOUND':
    case 'JOB_ACTIVE':
    case 'JOB_FINISHED':
    case 'NOT_RETRYABLE':
      return t(`error.${fault.code}`);
    default:
      return fault.message;
  }
}

/** What an error means that is no answer of the kind one hoped for. */
export function errorText(error: Error, t: TFunction): string {
  if (!(error instanceof AssayError)) return t('error.away');
  if (error.code === 'FORBIDDEN' || error.code === 'UNAUTHENTICATED') return t(`error.${error.code}`);
  return t('error.unknown', { message: error.errors[0]?.message ?? error.message });
}

/** What was wrong, each with the field it is about. */
export function Faults({ faults }: { faults: readonly { field?: string; text: string }[] }) {
  const { t } = useTranslation();
  if (faults.length === 0) return null;
  return (
    <Alert role="alert" color="red" icon={<IconAlertTriangle aria-hidden />} title={t('submit.faults')}>
      <List size="sm" spacing={4}>
        {faults.map(({ field, text }) => (
          <List.Item key={`${field}${text}`}>
            {field && <b>{field}: </b>}
            {text}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
