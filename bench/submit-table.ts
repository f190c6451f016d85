import { at } from './figures.ts';
import { alignRows, spread } from './table.ts';

/** What one side made of a load, while its turn lasted. */
export interface Leg {
  perSecond: number;
  /** How long each took. */
  ms?: readonly number[];
  /** Processor time of the API for each. */
  apiMs?: number;
  /** Processor time of PostgreSQL for each. */
  databaseMs?: number;
}

/** Those against whom it is measured, in the order of the columns. */
export const RIVALS = ['pgbench', 'bare Apollo', 'pg-boss', 'BullMQ'] as const;
export type Rival = (typeof RIVALS)[number];

const SIDES = ['Assay', ...RIVALS] as const;
const WITH_TIMES = ['Assay', 'bare Apollo', 'pg-boss', 'BullMQ'] as const;
const WITH_APIS = ['Assay', 'pg-boss', 'BullMQ'] as const;
const WITH_SQL = ['Assay', 'pgbench', 'pg-boss', 'BullMQ'] as const;

/** The turns of all sides, one after the other; some may not be there on this machine. */
export type Round = { Assay: Leg } & { [Name in Rival]?: Leg | undefined };

/** Some rounds of the same load. */
export interface Load {
  name: string;
  rounds: readonly Round[];
}

/** A table of rates, and others of what lies behind them, with a row for each load. */
export function describeSubmits(loads: readonly Load[]): string[] {
  return [
    ...['', 'submits a second'],
    ...tableOf(
      loads,
      SIDES,
      (side) =>
        ({ rounds }) =>
          spread(rounds.map((round) => round[side]?.perSecond)),
    ),
    ...['', "Assay's rate in parts of the other's"],
    ...tableOf(
      loads,
      RIVALS,
      (rival) =>
        ({ rounds }) =>
          spread(rounds.map(ratioTo(rival)), 2),
    ),
    ...['', 'milliseconds of a submit, p50 / p99 of all rounds'],
    ...tableOf(loads, WITH_TIMES, (side) => ({ rounds }) => {
      const ms = rounds.flatMap((round) => round[side]?.ms ?? []);
      return ms.length === 0 ? '-' : `${at(ms, 0.5).toFixed(1)} / ${at(ms, 0.99).toFixed(1)}`;
    }),
    ...['', 'milliseconds of processor time of a submit in the API'],
    ...tableOf(
      loads,
      WITH_APIS,
      (side) =>
        ({ rounds }) =>
          spread(
            rounds.map((round) => round[side]?.apiMs),
            2,
          ),
    ),
    ...['', 'the same in PostgreSQL'],
    ...tableOf(
      loads,
      WITH_SQL,
      (side) =>
        ({ rounds }) =>
          spread(
            rounds.map((round) => round[side]?.databaseMs),
            2,
          ),
    ),
  ];
}

const ratioTo = (rival: Rival) => (round: Round) => round[rival] && round.Assay.perSecond / round[rival].perSecond;

function tableOf<Side extends keyof Round>(
  loads: readonly Load[],
  sides: readonly Side[],
  cellOf: (side: Side) => (load: Load) => string,
): string[] {
  return alignRows([
    ['in flight', ...sides],
    ...loads.map((load) => [load.name, ...sides.map((side) => cellOf(side)(load))]),
  ]);
}
