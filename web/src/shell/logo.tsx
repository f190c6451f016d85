import { Group, Text } from '@mantine/core';
import { Link } from 'react-router';

export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#0b7285" />
      <path
        d="M9 22 16 9l7 13M12 18h8"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

export function Logo() {
  return (
    <Link to="/" aria-label="Assay" className="unlined">
      <Group gap={8} wrap="nowrap">
        <Mark />
        <Text fw={700} fz="lg" visibleFrom="xs">
          Assay
        </Text>
      </Group>
    </Link>
  );
}
