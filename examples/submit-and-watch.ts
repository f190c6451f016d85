// Submits every respondent of a JSONL file, follows all jobs over one socket, and tells how it went:
//   npm run example -- respondents.jsonl
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { createAnalyst, JobFailed, WrongInput } from './analysis.ts';
import { RequestError } from './connection.ts';
import { readRespondents } from './respondents.ts';
import { summarize, type Tally } from './summary.ts';

/** Jobs that are under way at once: below the 50 subscriptions that one socket may hold. */
const LANES = 40;

const HELP = `Usage: npm run example -- <file.jsonl> [options]

Submits each line as an assessment, follows the jobs over one WebSocket and prints a summary.
Exits with 1 when a line was wrong or a job failed.

  --url <url>              where Assay runs (http://127.0.0.1:4000)
  --token <token>          submits as this user (the demo user of the data folder)
  --service-token <token>  grants tokens when the balance is used up (the demo service of the data folder)
  --data-dir <folder>      the data folder of "npm start" (ASSAY_DATA_DIR, or .data)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:4000' },
    token: { type: 'string' },
    'service-token': { type: 'string' },
    'data-dir': { type: 'string', default: process.env.ASSAY_DATA_DIR ?? '.data' },
    help: { type: 'boolean', short: 'h' },
  },
});

async function main(): Promise<number> {
  const [file] = positionals;
  if (values.help || file === undefined) {
    console.log(HELP);
    return values.help ? 0 : 1;
  }
  const token = values.token ?? readSecret('user-token');
  if (token === undefined) throw new Error(`There is no demo token in ${values['data-dir']}: start Assay, or give --token.`);

  const tally: Tally = { submitted: 0, completed: [], failed: [], wrong: [], seconds: 0 };
  const lines = await Array.fromAsync(readRespondents(file));
  let left = lines.length;
  const analyst = await createAnalyst({
    url: values.url,
    token,
    serviceToken: values['service-token'] ?? readSecret('service-token'),
    left: () => left,
  });
  const bar = new SingleBar({ format: '{bar} {value}/{total} jobs, {duration} s', noTTYOutput: false }, Presets.shades_classic);
  const start = performance.now();
  bar.start(lines.length, 0);

  const waiting = lines.values();
  const lane = async () => {
    for (const line of waiting) {
      if ('fault' in line) tally.wrong.push({ line: line.number, reason: line.fault });
      else {
        try {
          tally.completed.push(await analyst.analyse(line.input));
          tally.submitted += 1;
        } catch (error) {
          if (error instanceof JobFailed) {
            tally.submitted += 1;
            tally.failed.push({ line: line.number, reason: error.message });
          } else if (error instanceof WrongInput || error instanceof RequestError) {
            tally.wrong.push({ line: line.number, reason: error.message });
          } else throw error;
        }
      }
      left -= 1;
      bar.increment();
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    bar.stop();
    analyst.close();
  }
  tally.seconds = (performance.now() - start) / 1000;
  console.log(summarize(tally).join('\n'));
  return tally.failed.length + tally.wrong.length === 0 ? 0 : 1;
}

function readSecret(name: string): string | undefined {
  try {
    return readFileSync(join(values['data-dir'], name), 'utf8').trim();
  } catch {
    return undefined;
  }
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof TypeError ? `${values.url} could not be reached. Is Assay running?` : String(error));
  return 1;
});
