import { describeRun } from '../performance-page.ts';
import { allSamples, mergeThreads, sharesOf } from './frames.ts';
import { layOut } from './layout.ts';
import { type Owner, ownerName, owners } from './owners.ts';
import { draw } from './picture.ts';
import type { ProcessKind, ProcessProfile } from './probes.ts';
import type { Recording } from './recording.ts';

const KINDS: Record<ProcessKind, string> = { api: 'API', worker: 'worker' };

/** The graph of one process. */
export interface FlameGraph {
  /** Its file. */
  file: string;
  svg: string;
  title: string;
  work: string;
  machine: string;
  /** How many it is drawn from. */
  samples: string;
  shares: ReadonlyMap<Owner, number>;
}

/** Of each process of each recording. */
export const graphsOf = (recordings: readonly Recording[]): FlameGraph[] =>
  recordings.flatMap((recording) => recording.processes.map((process) => graphOf(recording, process)));

function graphOf({ name, work, machine }: Recording, { kind, threads }: ProcessProfile): FlameGraph {
  const root = mergeThreads(`${KINDS[kind]} process`, threads);
  const shares = sharesOf(root);
  const title = `${name}: ${KINDS[kind]}`;
  const samples = allSamples(root).toLocaleString('en');
  const svg = draw({ title, subtitle: `${work}; ${samples} samples`, boxes: layOut(root), shares });
  return { file: `${name}-${kind}.svg`, svg, title, work, machine, samples, shares };
}

/** What the page tells of a case: the shares as a table, the graphs, and how it was run. */
export async function describeGraphs(command: string, graphs: readonly FlameGraph[]): Promise<string[]> {
  const works = [...new Set(graphs.map(({ work }) => work))];
  const lines = [...works, graphs.at(-1)?.machine ?? ''];
  return [
    '',
    '**Where the time goes**, in percent of the time in which the process does not wait:',
    '',
    ...describeShares(graphs),
    '',
    ...graphs.map(({ title, file }) => `[![Flame graph of ${title}](flames/${file})](flames/${file})`),
    '',
    ...(await describeRun({ command, lines })),
  ];
}

function describeShares(graphs: readonly FlameGraph[]): string[] {
  const known = owners.filter((owner) => graphs.some(({ shares }) => shares.get(owner)));
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['', 'samples', ...known.map(ownerName)]),
    row(['---', '---:', ...known.map(() => '---:')]),
    ...graphs.map(({ title, file, samples, shares }) =>
      row([`[${title}](flames/${file})`, samples, ...known.map((owner) => `${shares.get(owner) ?? 0}`)]),
    ),
  ];
}
