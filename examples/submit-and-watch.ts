// Submits every respondent of a JSONL file, follows all jobs over one socket, and tells how it went:
//   npm run example -- respondents.jsonl
import { Presets, SingleBar } from 'cli-progress';
import { createAnalyst } from './analysis.ts';
import { DEMO_OPTIONS, readArguments, readDemoToken, requireToken, runDemo } from './demo.ts';
import { readRespondents } from './respondents.ts';
import { type Outcome, summarize } from './summary.ts';

/** Jobs that are under way at once: below the 50 subscriptions that one socket may hold. */
const LANES = 40;

const HELP = `Usage: npm run example -- <file.jsonl> [options]

Submits each line as an assessment, follows the jobs over one WebSocket and prints a summary.
Exits with 1 when a line was wrong or a job failed.

  --url <url>              where Assay runs (http://127.0.0.1:4000, or the port in PORT)
  --token <token>          submits as this user (the demo user of the data folder)
  --service-token <token>  grants tokens when the balance is used up (the demo service of the data folder)
  --data-dir <folder>      the data folder of "npm start" (ASSAY_DATA_DIR, or .data)`;

const { values, positionals } = readArguments({
  ...DEMO_OPTIONS,
  token: { type: 'string' },
  'service-token': { type: 'string' },
});

async function main(): Promise<number> {
  const [file] = positionals;
  if (values.help || file === undefined) {
    console.log(HELP);
    return values.help ? 0 : 1;
  }
  const token = requireToken('user-token', values);

  const lines = await Array.fromAsync(readRespondents(file));
  const outcomes: Outcome[] = [];
  const analyst = await createAnalyst({
    url: values.url,
    token,
    serviceToken: values['service-token'] ?? readDemoToken('service-token', values['data-dir']),
    left: () => lines.length - outcomes.length,
  });
  const bar = new SingleBar({ format: '{bar} {value}/{total} jobs, {duration} s' }, Presets.shades_classic);
  bar.start(lines.length, 0);
  const start = performance.now();

  const waiting = lines.values();
  const lane = async () => {
    for (const line of waiting) {
      outcomes.push('fault' in line ? { line: line.number, wrong: line.fault } : await analyst.analyse(line));
      bar.increment();
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    bar.stop();
    analyst.close();
  }
  console.log(summarize(outcomes, (performance.now() - start) / 1_000).join('\n'));
  return outcomes.every((outcome) => 'totalMs' in outcome) ? 0 : 1;
}

await runDemo(main, values);
