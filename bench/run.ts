import { Command, InvalidArgumentError } from 'commander';
import { benchBombs } from './bombs.ts';
import { benchCancel } from './cancel.ts';
import { benchCycles } from './cycles.ts';
import { benchFanout } from './fanout.ts';
import { describeMachine } from './figures.ts';
import { benchFiles } from './files.ts';
import { benchFrozen } from './frozen.ts';
import { benchGrowth } from './growth.ts';
import { benchIdempotency } from './idempotency.ts';
import { benchLatency } from './latency.ts';
import { benchMemory } from './memory.ts';
import { benchMigration } from './migration.ts';
import { benchMovers } from './movers.ts';
import { benchOverspend } from './overspend.ts';
import { writeToPage } from './performance-page.ts';
import { benchPipeline } from './pipeline.ts';
import { benchReads } from './reads.ts';
import { benchReconnect } from './reconnect.ts';
import { benchRescue } from './rescue.ts';
import { benchSlow } from './slow.ts';
import { benchSockets } from './sockets.ts';
import { benchSteady } from './steady.ts';
import { benchSubmit } from './submit.ts';
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
    description:
      'cancel jobs that spin, hang or listen: until the answer, and until nothing of them runs; beside BullMQ and pg-boss',
    ...{ count: 30, unit: 'cancels of each', run: benchCancel },
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
    description:
      'one job that many watch, and many users with a job each: deliveries a second of one core, beside bare ws and others',
    ...{ count: 2_000, unit: 'sockets', run: benchFanout },
  },
  migration: {
    description: 'migrate under the load of the version before, over stored jobs: no request may fail',
    ...{ count: 100_000, unit: 'stored jobs', seconds: 10, run: benchMigration },
  },
  bombs: {
    description: 'requests that would be much work: until they are refused, and what a neighbour notices',
    ...{ count: 10, unit: 'throws of each', run: benchBombs },
  },
  idempotency: {
    description: 'submit with one key twenty times at once while links are cut: one job, one charge, one answer',
    ...{ count: 200, unit: 'keys', run: benchIdempotency },
  },
  overspend: {
    description: 'submit fifty jobs at once with funds for seven: seven are taken, and nothing is left',
    ...{ count: 100, unit: 'rounds', run: benchOverspend },
  },
  sync: {
    description: 'copy a source of 80,534 rows, also one in trouble: rows a second, and the memory of the worker',
    ...{ count: 2, unit: 'syncs of each', run: benchSync },
  },
  reads: {
    description: 'read jobs by id and page by page: how many a second, how long, and in how many statements',
    ...{ count: 100_000, unit: 'stored jobs', seconds: 3, run: benchReads },
  },
  submit: {
    description:
      'submit to one API process: how many a second, against pgbench with the same SQL, a bare Apollo Server, ' +
      'and Apollo Servers with pg-boss and BullMQ',
    ...{ count: 5_000, unit: 'users', seconds: 3, run: benchSubmit },
  },
  pipeline: {
    description:
      'from the submit to the COMPLETED event: jobs a second and how long, against graphile-worker alone, pg-boss and BullMQ',
    ...{ count: 2_000, unit: 'jobs that wait', seconds: 3, run: benchPipeline },
  },
  growth: {
    description: 'the same operations over a thousand stored jobs and over a million: how many times as long they take',
    ...{ count: 1_000_000, unit: 'stored jobs in the largest', run: benchGrowth },
  },
  memory: {
    description: 'memory of the API for each idle socket, and of a worker for each running job',
    ...{ count: 10_000, unit: 'sockets', run: benchMemory },
  },
  sockets: {
    description: 'sockets on which nothing happens: memory and processor time, and how one too many is refused',
    ...{ count: 2_000, unit: 'sockets', seconds: 20, run: benchSockets },
  },
};

/** What docs/performance.md has a place for. */
const PAGE = ['submit', 'pipeline', 'fanout', 'cancel', 'reads', 'growth', 'memory'];

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('It must be a whole number above zero.');
}

interface Options {
  count: number;
  seconds?: number;
  write?: boolean;
}

async function measure(name: string, { run, ...defaults }: Bench, options: Options): Promise<void> {
  const { count, seconds = defaults.seconds ?? 0 } = options;
  const lines = [describeMachine()];
  console.log(lines[0]);
  for (const line of [...(await run(count, seconds)), describeMachine()]) {
    console.log(line);
    lines.push(line);
  }
  if (!options.write) return;
  const sizes = [count !== defaults.count && ` -n ${count}`, seconds !== (defaults.seconds ?? 0) && ` -s ${seconds}`];
  await writeToPage({ name, command: `npm run bench -- ${name}${sizes.filter(Boolean).join('')}`, lines });
}

const program = new Command('bench')
  .description(
    'Figures of a real installation: APIs and workers in processes of their own, on a PostgreSQL of their own',
  )
  .addHelpText('after', '\nExamples:\n  npm run bench -- cancel --count 30\n  npm run bench -- all')
  .enablePositionalOptions();

for (const [name, bench] of Object.entries(benches)) {
  const { description, count, unit, seconds } = bench;
  const command = program.command(name).description(description).option('-n, --count <number>', unit, readCount, count);
  if (seconds !== undefined) command.option('-s, --seconds <number>', 'how long each part lasts', readCount, seconds);
  if (PAGE.includes(name)) command.option('-w, --write', 'write the figures to docs/performance.md');
  command.action(async (options: Options) => await measure(name, bench, options));
}

program.command('flames', 'flame graphs of the same cases: where the time of each process goes', {
  executableFile: 'flames/run.ts',
});
program
  .command('all', { isDefault: true })
  .description(`all cases of docs/performance.md, which it writes: ${PAGE.join(', ')}`)
  .action(async () => {
    for (const [name, bench] of Object.entries(benches)) {
      if (PAGE.includes(name)) await measure(name, bench, { count: bench.count, write: true });
    }
  });
await program.parseAsync();
