import { Command, InvalidArgumentError } from 'commander';
import { benchCancel } from './cancel.ts';
import { benchCycles } from './cycles.ts';
import { benchFanout } from './fanout.ts';
import { describeMachine } from './figures.ts';
import { benchFiles } from './files.ts';
import { benchFrozen } from './frozen.ts';
import { benchLatency } from './latency.ts';
import { benchMovers } from './movers.ts';
import { benchReconnect } from './reconnect.ts';
import { benchRescue } from './rescue.ts';
import { benchSlow } from './slow.ts';
import { benchSteady } from './steady.ts';
import { benchSync } from './sync.ts';

interface Bench {
  description: string;
  count: number;
  unit: string;
  /** How long it lasts, where that can be chosen. */
  seconds?: number;
  run(count: number, seconds: number): Promise<string[]>;
}

const benches: Record<string, Bench> = {
  cancel: {
    description: 'cancel jobs that spin and jobs that hang: until the answer, and until the thread is gone',
    ...{ count: 100, unit: 'cancels of each', run: benchCancel },
  },
  rescue: {
    description: 'kill workers in the middle of a job: until it runs again elsewhere',
    ...{ count: 40, unit: 'kills', run: benchRescue },
  },
  steady: {
    description: 'run jobs of ten leases while event loops stall and the database stands still: none may be rescued',
    ...{ count: 200, unit: 'jobs', run: benchSteady },
  },
  frozen: {
    description: 'freeze workers until another has taken their job, and wake them up: nothing may happen twice',
    ...{ count: 50, unit: 'workers', run: benchFrozen },
  },
  latency: {
    description: 'follow over two API processes: from the commit of an event until a client has it',
    ...{ count: 500, unit: 'sockets', seconds: 30, run: benchLatency },
  },
  reconnect: {
    description: 'follow while links, listening sessions and API processes end: no event may be missed or told twice',
    ...{ count: 300, unit: 'followers', seconds: 60, run: benchReconnect },
  },
  movers: {
    description:
      'move the same jobs from six sides while readers come back from anywhere: each event once, and in order',
    ...{ count: 40, unit: 'jobs', seconds: 60, run: benchMovers },
  },
  slow: {
    description: 'stall a fifth of the readers: what that costs the process, and those who read',
    ...{ count: 250, unit: 'sockets', seconds: 60, run: benchSlow },
  },
  cycles: {
    description: 'connect, subscribe and disconnect: what is left of it in the process',
    ...{ count: 10_000, unit: 'cycles', run: benchCycles },
  },
  files: {
    description: 'forecast from a large table and compress a large file: how fast, in how much memory, and how well',
    ...{ count: 1_000_000, unit: 'rows', run: benchFiles },
  },
  fanout: {
    description: 'one job that many watch: deliveries a second of one core, against bare ws with the same bytes',
    ...{ count: 2_000, unit: 'sockets', run: benchFanout },
  },
  sync: {
    description: 'copy a source of 80,534 rows, also one in trouble: rows a second, and the memory of the worker',
    ...{ count: 2, unit: 'syncs of each', run: benchSync },
  },
};

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('It must be a whole number above zero.');
}

const program = new Command('bench')
  .description(
    'Figures of a real installation: APIs and workers in processes of their own, on a PostgreSQL of their own',
  )
  .addHelpText('after', '\nExample:\n  npm run bench -- cancel --count 30');

for (const [name, { description, count, unit, seconds, run }] of Object.entries(benches)) {
  const command = program.command(name).description(description).option('-n, --count <number>', unit, readCount, count);
  if (seconds !== undefined) command.option('-s, --seconds <number>', 'how long each part lasts', readCount, seconds);
  command.action(async (options: { count: number; seconds?: number }) => {
    console.log(describeMachine());
    for (const line of await run(options.count, options.seconds ?? 0)) console.log(line);
    console.log(describeMachine());
  });
}
await program.parseAsync();
