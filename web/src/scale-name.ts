import { useTranslation } from 'react-i18next';
import { words } from './format.ts';
import type { enScales } from './texts/en-scales.ts';

/** Names what the API calls `loveOfLearning`; one that is not known here is at least spaced. */
export function useScaleName(): (scale: string) => string {
  const { t } = useTranslation();
  return (scale) => t(`scale.${scale as keyof typeof enScales}`, { defaultValue: words(scale) });
}
