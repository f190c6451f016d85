import { Button } from '@mantine/core';
import { IconCompass, IconRefreshAlert } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { EmptyState } from './parts/empty-state.tsx';

export function MissingPage() {
  const { t } = useTranslation();
  return (
    <EmptyState isPage icon={IconCompass} title={t('error.pageMissing')} text={t('error.pageMissingHint')}>
      <Button component={Link} to="/">
        {t('error.home')}
      </Button>
    </EmptyState>
  );
}

/** Also shown when a page cannot be loaded, for one because the server has a newer build. */
export function BrokenPage() {
  const { t } = useTranslation();
  return (
    <EmptyState isPage icon={IconRefreshAlert} title={t('error.broken')} text={t('error.brokenHint')}>
      <Button onClick={() => location.reload()}>{t('error.reload')}</Button>
    </EmptyState>
  );
}
