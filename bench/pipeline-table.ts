import { at } from './figures.ts';
import { alignRows, spread } from './table.ts';

/** What one side made of a load, while its turn lasted. */
export interface PipelineLeg {
  perSecond: number;
  /** How long each took; not known where only the end of all counts. */
  ms?: readonly number[];
}

export const PIPELINES = ['Assay', 'graphile-worker', 'graphile, local queue', 'pg-boss', 'BullMQ'] as const;

/** The turns of all sides, one after the other; some may not be there on this machine. */
export type PipelineRound = { [Name in (typeof PIPELINES)[number]]?: PipelineLeg | undefined };

const HEADS = ['side', 'jobs/s', 'Assay : it', 'p50 ms', 'p99 ms'];

/** A table with a row for each load and side. */
export function describePipelines(
  first: string,
  loads: readonly { name: string; rounds: readonly PipelineRound[] }[],
): string[] {
  const rows = loads.flatMap(({ name, rounds }) =>
    PIPELINES.filter((side) => rounds.some((round) => round[side])).map((side) => [name, ...cellsOf(side, rounds)]),
  );
  const isTimed = rows.some(([, , , , p50]) => p50 !== '-');
  return alignRows(
    [[first, ...HEADS], ...rows].map((row) => (isTimed ? row : row.slice(0, -2))),
    2,
  );
}

function cellsOf(side: (typeof PIPELINES)[number], rounds: readonly PipelineRound[]): string[] {
  const legs = rounds.map((round) => round[side]);
  const ratios = rounds.map(({ Assay, [side]: leg }) => Assay && leg && Assay.perSecond / leg.perSecond);
  const share = (which: number) =>
    spread(
      legs.map((leg) => leg?.ms && at(leg.ms, which)),
      1,
    );
  return [
    side,
    spread(legs.map((leg) => leg?.perSecond)),
    side === 'Assay' ? '' : spread(ratios, 2),
    share(0.5),
    share(0.99),
  ];
}
