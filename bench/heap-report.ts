// Loaded into an API process before anything else: SIGUSR2 makes it collect its garbage and say what is left.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    collect();
    console.log(`heap ${process.memoryUsage().heapUsed} resources ${process.getActiveResourcesInfo().length};`);
  });
}
