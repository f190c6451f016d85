import os from 'node:os';

/** The median, the 95th percentile and the largest of some measurements, each one that was really measured. */
export function describeMs(name: string, measured: readonly number[]): string {
  const sorted = measured.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  const figures = [`p50 ${format(at(0.5))}`, `p95 ${format(at(0.95))}`, `max ${format(at(1))}`];
  return `${name.padEnd(34)} n=${sorted.length}  ${figures.join('  ')}`;
}

const format = (ms: number) => `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** What the figures depend on besides the code. */
export function describeMachine(): string {
  const load = os.loadavg().map((value) => value.toFixed(1));
  return `${os.availableParallelism()} cores, Node ${process.version}, load ${load.join(' ')}`;
}

/** Milliseconds since 1970 with their fraction, to be held against the database's clock on the same machine. */
export const clockMs = (): number => performance.timeOrigin + performance.now();
