import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { nameTab } from './tab-name.ts';

export function PageHead({
  title,
  lead,
  under,
  children,
}: {
  title: string;
  lead?: string;
  under?: ReactNode;
  children?: ReactNode;
}) {
  useEffect(() => {
    nameTab(title);
  }, [title]);
  return (
    <Group justify="space-between" align="flex-end" mb="lg" gap="md">
      <Stack gap={2}>
        <Title order={1} fz={26}>
          {title}
        </Title>
        {lead && (
          <Text c="dimmed" size="sm">
            {lead}
          </Text>
        )}
        {under}
      </Stack>
      {children && (
        <Group gap="sm" className="unprinted">
          {children}
        </Group>
      )}
    </Group>
  );
}
