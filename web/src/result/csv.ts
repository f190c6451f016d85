import type { ReportQuery } from '../operations.generated.ts';

type Result = NonNullable<NonNullable<ReportQuery['job']>['result']>;

/** The scores of an assessment as a table; undefined where a result has none. */
export function csvOf({ assessment }: Pick<Result, 'assessment'>): string | undefined {
  if (!assessment) return undefined;
  const { bands, industries, virtues } = assessment.scores;
  const rows = [
    ...bands.map(({ block, dimension, score, band }) => [block, dimension, score, band]),
    ...Object.entries(virtues).map(([name, score]) => ['virtues', name, score, '']),
    ...industries.map(({ industry, score, level }) => ['industries', industry, score, level]),
  ];
  return [['block', 'dimension', 'score', 'level'], ...rows].map((row) => row.map(cell).join(',')).join('\r\n');
}

/** What a spreadsheet would take for a formula is made text. */
function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
