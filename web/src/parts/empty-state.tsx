import { Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';
import { nameTab } from './tab-name.ts';

interface Props {
  icon: Icon;
  title: string;
  text: string;
  /** Whether it is all there is on the page, and its title the page's. */
  isPage?: boolean;
  /** What to do next. */
  children?: ReactNode;
}

export function EmptyState({ icon: Picture, title, text, isPage = false, children }: Props) {
  useEffect(() => {
    if (isPage) nameTab(title);
  }, [isPage, title]);
  return (
    <Stack align="center" gap="sm" py={56} px="md" ta="center">
      <ThemeIcon size={56} radius="xl" variant="light" aria-hidden>
        <Picture size={28} stroke={1.6} />
      </ThemeIcon>
      <Title order={isPage ? 1 : 2} fz="lg">
        {title}
      </Title>
      <Text c="dimmed" maw={440}>
        {text}
      </Text>
      {children}
    </Stack>
  );
}
