import os from 'node:os';

/** The median, the 95th percentile and the largest: which values stand for many. */
const SHARES = [0.5, 0.95, 1];
/** The same for what is delivered: of many thousand messages one in a hundred is no exception. */
export const DELIVERY_SHARES = [0.5, 0.99, 1];

/** Some percentiles of measurements in milliseconds, each one that was really measured; of none there are none. */
export function describeMs(name: string, measured: readonly number[], shares: readonly number[] = SHARES): string {
  const known = measured.length > 0 ? shares : [];
  const figures = known.map((share) => `${share === 1 ? 'max' : `p${share * 100}`} ${format(at(measured, share))}`);
  return `${name.padEnd(34)} n=${measured.length}  ${figures.join('  ')}`;
}

/** The measurement below or at which this share of them lies. NaN where there are none. */
export function at(measured: readonly number[], share: number): number {
  const sorted = Float64Array.from(measured).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

const format = (ms: number) => `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** Bytes as MB. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** What the figures depend on besides the code. */
export function describeMachine(): string {
  const load = os.loadavg().map((value) => value.toFixed(1));
  return `${os.availableParallelism()} cores, Node ${process.version}, load ${load.join(' ')}`;
}

/** Milliseconds since 1970 with their fraction, to be held against the database's clock on the same machine. */
export const clockMs = (): number => performance.timeOrigin + performance.now();
