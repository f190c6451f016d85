import { setTimeout as wait } from 'node:timers/promises';
import type { Log } from '../log.ts';
import type { InstallationFigures, Metrics } from '../metrics.ts';

/** However often they are asked for, the database is asked so often at most. */
const FRESH_MS = 5_000;
/** Prometheus waits ten seconds for an answer; what the process counts itself must not be lost to a slow database. */
const PATIENCE_MS = 3_000;

export interface FigureParts {
  read: () => Promise<InstallationFigures>;
  metrics: Pick<Metrics, 'installation' | 'installationReadable'>;
  log: Log;
}

/**
 * Sets the gauges of the whole installation, for each print of the metrics: by one read for all who ask within five
 * seconds. While the database cannot be read they are not there, and one says so.
 */
export function createInstallationFigures({ read, metrics, log }: FigureParts): () => Promise<void> {
  const { installation, installationReadable } = metrics;
  const gauges = Object.entries(installation) as [keyof InstallationFigures, (typeof installation)['queueDepth']][];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  function show(figures: InstallationFigures): void {
    for (const [name, gauge] of gauges) gauge.set(figures[name]);
    installationReadable.set(1);
  }

  function hide(): void {
    for (const [, gauge] of gauges) gauge.remove();
    installationReadable.set(0);
  }

  async function look(): Promise<void> {
    try {
      show(await read());
    } catch (error) {
      hide();
      log.warn({ err: error }, 'The figures of the installation could not be read.');
    } finally {
      readAt = performance.now();
      reading = undefined;
    }
  }

  return async () => {
    if (performance.now() - readAt < FRESH_MS) return;
    reading ??= look();
    const isLate = await Promise.race([reading.then(() => false), wait(PATIENCE_MS, true, { ref: false })]);
    if (isLate) hide();
  };
}
