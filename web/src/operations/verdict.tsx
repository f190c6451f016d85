import { Group, Text } from '@mantine/core';
import { IconCircleCheck, IconCircleX } from '@tabler/icons-react';

/** Well or ill: by its words, a picture and a colour. */
export function Verdict({ isWell, text }: { isWell: boolean; text: string }) {
  const Picture = isWell ? IconCircleCheck : IconCircleX;
  return (
    <Group gap={6} wrap="nowrap" className={isWell ? 'well' : 'ill'}>
      <Picture size={18} aria-hidden />
      <Text size="sm" fw={600} className="whole">
        {text}
      </Text>
    </Group>
  );
}
