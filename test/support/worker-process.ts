// A worker in a process of its own, configured by the environment, with the handlers that misbehave.
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { startWorker } from '../../src/worker.ts';

const worker = await startWorker({
  config: loadConfig(process.env),
  log: createLog({ level: 'info' }),
  kindsModule: new URL('./probe-kinds.ts', import.meta.url).href,
  backoff: { firstMs: 50, capMs: 100 },
  threadMemoryMb: 64,
});
process.once('SIGTERM', () => void worker.stop());
