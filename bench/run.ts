import { Command, InvalidArgumentError } from 'commander';
import { benchCancel } from './cancel.ts';
import { describeMachine } from './figures.ts';
import { benchFrozen } from './frozen.ts';
import { benchRescue } from './rescue.ts';
import { benchSteady } from './steady.ts';

interface Bench {
  description: string;
  count: number;
  unit: string;
  run(count: number): Promise<string[]>;
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
};

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new InvalidArgumentError('It must be a whole number above zero.');
}

const program = new Command('bench')
  .description(
    'Figures of a real installation: an API and workers in processes of their own, on a PostgreSQL of their own',
  )
  .addHelpText('after', '\nExample:\n  npm run bench -- cancel --count 30');

for (const [name, { description, count, unit, run }] of Object.entries(benches)) {
  program
    .command(name)
    .description(description)
    .option('-n, --count <number>', unit, readCount, count)
    .action(async (options: { count: number }) => {
      console.log(describeMachine());
      for (const line of await run(options.count)) console.log(line);
      console.log(describeMachine());
    });
}
await program.parseAsync();
