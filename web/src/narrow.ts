import { useMediaQuery } from '@mantine/hooks';

/** Whether the window is so narrow that a table would have to be pushed sideways. */
export const useNarrow = (): boolean => useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
