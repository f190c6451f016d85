// What operators fear, done to a real installation under load, and what must hold all the while:
//   npm run drill -- restart
import { Command, InvalidArgumentError } from 'commander';
import { describeMachine } from '../bench/figures.ts';
import { drillClocks } from './clocks.ts';
import { drillDisk } from './disk.ts';
import { drillOutage } from './outage.ts';
import { drillPoison } from './poison.ts';
import { drillReadOnly } from './read-only.ts';
import { drillRestart } from './restart.ts';
import { drillSoak } from './soak.ts';
import type { Verdict } from './verdict.ts';

interface Drill {
  description: string;
  /** What its one number is. */
  option: string;
  value: number;
  run(value: number): Promise<Verdict>;
}

const drills: Record<string, Drill> = {
  restart: {
    description: 'SIGTERM to each process in turn under load: no request fails, no event is missed, no attempt is lost',
    ...{ option: 'seconds between two restarts', value: 4, run: drillRestart },
  },
  outage: {
    description: 'PostgreSQL away under load, stopped and then half open: clear refusals, and back by itself',
    ...{ option: 'seconds of each outage', value: 20, run: drillOutage },
  },
  clocks: {
    description: 'an API two hours ahead and a worker two hours behind: rescues, durations, tokens, links and limits',
    ...{ option: 'seconds of load', value: 15, run: drillClocks },
  },
  disk: {
    description: 'no room for files: jobs fail with a refund or wait for their next attempt, and nothing else does',
    ...{ option: 'seconds without room, for a job that outlives them', value: 2, run: drillDisk },
  },
  poison: {
    description: '20 jobs that crash, fill their memory or spin among good ones: these complete, and the fleet lives',
    ...{ option: 'good jobs', value: 500, run: drillPoison },
  },
  'read-only': {
    description: 'PostgreSQL takes no writes: clear refusals, reads go on, no attempt is lost, and back by itself',
    ...{ option: 'seconds of each', value: 12, run: drillReadOnly },
  },
  soak: {
    description: 'steady load for minutes: what grows in the processes and in the database, though it should not',
    ...{ option: 'minutes', value: 8, run: drillSoak },
  },
};

function readNumber(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('It must be a number above zero.');
}

const program = new Command('drill').description(
  'A real installation, APIs and workers in processes of their own, goes through what operators fear. Exits with 1 when something did not hold.',
);
for (const [name, { description, option, value, run }] of Object.entries(drills)) {
  program
    .command(name)
    .description(description)
    .option('-n, --number <number>', option, readNumber, value)
    .action(async (options: { number: number }) => {
      console.log(describeMachine());
      const { lines, isSound } = await run(options.number);
      for (const line of lines) console.log(line);
      console.log(describeMachine());
      // The folder, and what still runs in it, goes with this process.
      process.exit(isSound ? 0 : 1);
    });
}
await program.parseAsync();
