import { Group, Paper, type PaperProps, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';

interface Props extends PaperProps {
  title?: string;
  /** Beside the title. */
  aside?: ReactNode;
  children: ReactNode;
}

/** A part of a page; with a title it is a region of its own. */
export function Card({ title, aside, children, ...paper }: Props) {
  const id = useId();
  return (
    <Paper component="section" className="card" p="lg" {...paper} {...(title && { 'aria-labelledby': id })}>
      {title && (
        <Group justify="space-between" mb={children ? 'md' : 0} gap="xs">
          <Title order={2} fz="md" id={id}>
            {title}
          </Title>
          {aside}
        </Group>
      )}
      {children}
    </Paper>
  );
}
