// Loaded into a worker before anything else: SIGUSR2 makes its event loop stand still, as a long synchronous act does.
import { isMainThread } from 'node:worker_threads';

const STALL_MS = 2_000;

if (isMainThread) {
  process.on('SIGUSR2', () => {
    const until = performance.now() + STALL_MS;
    while (performance.now() < until);
  });
}
