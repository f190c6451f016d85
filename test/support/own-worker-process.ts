// A worker in a process of its own, configured by the environment, with the kinds of the project.
import { loadConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { startWorker } from '../../src/worker.ts';

const worker = await startWorker({ config: loadConfig(process.env), log: createLog({ level: 'info' }) });
process.once('SIGTERM', () => void worker.stop());
