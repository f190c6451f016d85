import { mkdir, writeFile } from 'node:fs/promises';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { writeBetweenMarks } from '../performance-page.ts';
import { recordFanout, recordMemory } from './feed-cases.ts';
import { recordCancel, recordGrowth } from './mixed-cases.ts';
import { describeGraphs, graphsOf } from './page.ts';
import { listenForProbes } from './probes.ts';
import type { RecordCase } from './recording.ts';
import { recordPipeline, recordReads, recordSubmit } from './request-cases.ts';

const FOLDER = new URL('../../docs/flames/', import.meta.url);

const SECONDS = 6;

const cases: Record<string, RecordCase> = {
  submit: recordSubmit,
  pipeline: recordPipeline,
  fanout: recordFanout,
  cancel: recordCancel,
  reads: recordReads,
  growth: recordGrowth,
  memory: recordMemory,
};

async function draw(name: string, recordCase: RecordCase, seconds: number): Promise<void> {
  await using probes = await listenForProbes();
  const graphs = graphsOf(await recordCase(probes, seconds));
  await mkdir(FOLDER, { recursive: true });
  for (const { file, svg } of graphs) await writeFile(new URL(file, FOLDER), svg);
  const command = `npm run bench -- flames ${name}${seconds === SECONDS ? '' : ` -s ${seconds}`}`;
  const lines = await describeGraphs(command, graphs);
  console.log(lines.join('\n'));
  await writeBetweenMarks(`flames: ${name}`, lines);
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('It must be a number above zero.');
}

await new Command('bench flames')
  .description(
    'Where the time of each process goes, as flame graphs in docs/flames and as shares in docs/performance.md',
  )
  .addArgument(new Argument('[cases...]', 'by default all').choices(Object.keys(cases)))
  .option('-s, --seconds <number>', 'how long a case is profiled, where that can be chosen', readSeconds, SECONDS)
  .action(async (names: string[], { seconds }: { seconds: number }) => {
    for (const [name, recordCase] of Object.entries(cases)) {
      if (names.length === 0 || names.includes(name)) await draw(name, recordCase, seconds);
    }
  })
  .parseAsync();
