import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { ErrorNote } from './error-note.tsx';

interface Props<Data> {
  query: { data: Data | undefined; error: Error | null; refetch: () => unknown };
  /** The height of what will be there, about. */
  h: number;
  children: (data: Data) => ReactNode;
}

/** What a part of a page shows once it is read; until then its room, or why it is not there. */
export function WhenRead<Data>({ query: { data, error, refetch }, h, children }: Props<Data>) {
  if (data !== undefined) return children(data);
  if (error) return <ErrorNote error={error} onAgain={() => void refetch()} />;
  return <Skeleton h={h} />;
}
