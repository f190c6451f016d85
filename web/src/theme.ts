import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** The blue-green of the name plate. Its seventh shade carries white text, its fourth dark text, both readable (AA). */
const assay: MantineColorsTuple = [
  '#e6f6f8',
  '#cfeaee',
  '#a1d5dd',
  '#6fbfcb',
  '#46adbc',
  '#2b9fb0',
  '#15899b',
  '#0b7285',
  '#075c6b',
  '#034650',
];

export const theme = createTheme({
  primaryColor: 'assay',
  primaryShade: { light: 7, dark: 7 },
  colors: { assay },
  defaultRadius: 'md',
  cursorType: 'pointer',
  autoContrast: true,
  respectReducedMotion: true,
  fontFamily: 'Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", monospace',
  headings: { fontWeight: '650' },
  components: {
    Tooltip: { defaultProps: { withArrow: true, events: { hover: true, focus: true, touch: true } } },
    // Its own first target of the focus is no item, and a menu may hold nothing else.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Table: { defaultProps: { verticalSpacing: 'sm', horizontalSpacing: 'md' } },
  },
});
