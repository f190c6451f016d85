import { Button, Group, MultiSelect, Select, Switch, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure, useMediaQuery } from '@mantine/hooks';
import { IconFilter, IconFilterOff, IconSearch } from '@tabler/icons-react';
import { memo, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { KINDS, PERIODS, type Period, type Search, STATUSES } from './search.ts';

interface Props {
  search: Search;
  onChange: (changes: Record<string, string | null>) => void;
  /** Whether jobs of different users are shown. */
  isOfAll: boolean;
}

const NOTHING = { status: null, kind: null, name: null, period: null, user: null, deleted: null };

export const JobFilters = memo(function JobFilters({ search, onChange, isOfAll }: Props) {
  const { t } = useTranslation();
  const { status, kind, period, isDeletedShown, isOldestFirst, isFiltered } = search;
  const periods = Object.keys(PERIODS) as Period[];
  const isNarrow = useMediaQuery('(max-width: 36em)', false, { getInitialValueInEffect: false });
  const [isOpen, { toggle }] = useDisclosure(false);
  const opener = (
    <Button
      variant="default"
      w="100%"
      leftSection={<IconFilter size={16} aria-hidden />}
      aria-expanded={isOpen}
      onClick={toggle}
    >
      {t('jobs.filters')}
    </Button>
  );
  if (isNarrow && !isOpen) return opener;
  return (
    <Group gap="sm" align="flex-end" role="search" aria-label={t('jobs.filters')}>
      {isNarrow && opener}
      <Typed label={t('jobs.searchName')} value={search.name} onChange={(name) => onChange({ name })} />
      <MultiSelect
        aria-label={t('jobs.columns.status')}
        placeholder={status.length === 0 ? t('jobs.anyStatus') : undefined}
        data={STATUSES.map((value) => ({ value, label: t(`status.${value}`) }))}
        value={status}
        onChange={(values) => onChange({ status: values.join(',') })}
        w={{ base: '100%', xs: 220 }}
        clearable
      />
      <MultiSelect
        aria-label={t('jobs.columns.kind')}
        placeholder={kind.length === 0 ? t('jobs.anyKind') : undefined}
        data={KINDS.filter((value) => isOfAll || value !== 'SYNC').map((value) => ({
          value,
          label: t(`kind.${value}`),
        }))}
        value={kind}
        onChange={(values) => onChange({ kind: values.join(',') })}
        w={{ base: '100%', xs: 200 }}
        clearable
      />
      <Select
        aria-label={t('jobs.period')}
        data={[
          { value: 'all', label: t('jobs.periods.all') },
          ...periods.map((value) => ({ value, label: t(`jobs.periods.${value}`) })),
        ]}
        value={period ?? 'all'}
        onChange={(value) => onChange({ period: value === 'all' ? null : value })}
        allowDeselect={false}
        w={{ base: '100%', xs: 160 }}
      />
      <Select
        aria-label={t('jobs.order')}
        data={[
          { value: 'newest', label: t('jobs.newest') },
          { value: 'oldest', label: t('jobs.oldest') },
        ]}
        value={isOldestFirst ? 'oldest' : 'newest'}
        onChange={(value) => onChange({ order: value === 'oldest' ? 'oldest' : null })}
        allowDeselect={false}
        w={{ base: '100%', xs: 160 }}
      />
      {isOfAll && <Typed label={t('jobs.userId')} value={search.userId} onChange={(user) => onChange({ user })} />}
      <Switch
        label={t('jobs.deleted')}
        checked={isDeletedShown}
        onChange={(event) => onChange({ deleted: event.currentTarget.checked ? 'yes' : null })}
        my={8}
      />
      {(isFiltered || isDeletedShown) && (
        <Button
          variant="subtle"
          leftSection={<IconFilterOff size={16} aria-hidden />}
          onClick={() => onChange(NOTHING)}
        >
          {t('jobs.clear')}
        </Button>
      )}
    </Group>
  );
});

/** A field whose text counts once nobody types any more. */
function Typed({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  const settle = useDebouncedCallback(onChange, 250);
  useEffect(() => setText(value), [value]);
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        settle(event.currentTarget.value.trim());
      }}
      w={{ base: '100%', xs: 200 }}
    />
  );
}
