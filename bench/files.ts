import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { rowsOfText } from '../test/support/files.ts';
import { createInstallation, type Installation, post } from '../test/support/installation.ts';
import { type BenchDatabase, startDatabase } from './database.ts';
import { megabytes } from './figures.ts';
import { until } from './installation.ts';
import { peakResidentBytes } from './process-state.ts';

const BIKES = path.join(import.meta.dirname, '../../shared/data/demand-bikes-daily.csv');
const SERIES = 1_000;
const COMPRESSED_BYTES = 50_000_000;
const PATIENCE_MS = 900_000;

interface Bench {
  database: BenchDatabase;
  installation: Installation;
  url: string;
  token: string;
}

/** What jobs on files take: a forecast from `count` rows, and a large file through each algorithm; and how good forecasts are. */
export async function benchFiles(count: number): Promise<string[]> {
  await using database = await startDatabase();
  await using installation = await createInstallation(database.url, { ASSAY_STARTING_TOKENS: '1000' });
  const { url } = await installation.startApi();
  const bench = { database, installation, url, token: await installation.userToken() };
  return [...(await benchForecast(bench, count)), ...(await benchCompression(bench)), ...(await benchAccuracy(bench))];
}

async function benchForecast(bench: Bench, count: number): Promise<string[]> {
  const table = demandOf(count);
  const { seconds, peak } = await run(bench, 'Forecast', table, { horizon: 30 });
  const figures = `${seconds.toFixed(1)} s, ${Math.round(count / seconds)} rows/s, peak of the worker ${megabytes(peak)}`;
  return [`FORECAST of ${count} rows, ${SERIES} series, ${megabytes(table.length)}: ${figures}`];
}

async function benchCompression(bench: Bench): Promise<string[]> {
  const text = rowsOfText(COMPRESSED_BYTES);
  const lines: string[] = [];
  for (const algorithm of ['GZIP', 'BROTLI', 'ZSTD']) {
    const { seconds, peak, answer } = await run(bench, 'Compression', text, { algorithm });
    const figures = `${(text.length / 1e6 / seconds).toFixed(1)} MB/s, ratio ${answer.ratio}, peak of the worker ${megabytes(peak)}`;
    lines.push(`COMPRESS ${algorithm} at level ${answer.level}, ${megabytes(text.length)}: ${figures}`);
  }
  return lines;
}

/** The errors of forecasts on held-out days of a published demand, where that lies beside the project. */
async function benchAccuracy(bench: Bench): Promise<string[]> {
  if (!existsSync(BIKES)) return ['The demand of the bicycles is not beside the project (../shared/data).'];
  const table = await readFile(BIKES);
  const lines: string[] = [];
  for (const horizon of [7, 30, 90]) {
    const { answer } = await run(bench, 'Forecast', table, { horizon });
    const accuracy = answer.accuracy as Record<'model' | 'seasonalNaive', Record<string, number>>;
    for (const [name, errors] of Object.entries(accuracy).filter(([, value]) => typeof value === 'object')) {
      const figures = Object.entries(errors).map(([figure, value]) => `${figure} ${value.toFixed(1)}`);
      lines.push(`bicycles, ${horizon} days, ${name.padEnd(13)}: ${figures.join('  ')}`);
    }
  }
  return lines;
}

/** Runs one job on a worker of its own, whose peak is then that of the job. */
async function run({ database, installation, url, token }: Bench, verb: string, bytes: Uint8Array, config: object) {
  const ask = async (query: string, input: object) => {
    const { data, errors } = await post(url, token, query, { input });
    const answer = (data as Record<string, { upload?: { id: string; url: string }; job?: { id: string } }> | undefined)
      ?.answer;
    if (!answer?.upload && !answer?.job) throw new Error(`The API refused: ${JSON.stringify(errors ?? data)}`);
    return { ...answer.upload, jobId: answer.job?.id };
  };
  const announced = await ask(
    'mutation ($input: CreateUploadInput!) { answer: createUpload(input: $input) { upload { id url } userErrors { message } } }',
    { name: 'demand.csv', contentType: 'text/csv', size: bytes.length },
  );
  const put = await fetch(announced.url ?? '', {
    ...{ method: 'PUT', headers: { 'content-type': 'text/csv' }, body: Buffer.from(bytes) },
  });
  if (!put.ok) throw new Error(`The upload was refused: ${await put.text()}`);
  const worker = await installation.startWorker();
  const { jobId } = await ask(
    `mutation ($input: Submit${verb}Input!) { answer: submit${verb}(input: $input) { job { id } userErrors { message } } }`,
    { ...config, uploadId: announced.id },
  );
  const ended = await until(async () => {
    const { rows } = await database.pool.query(
      `select j.status, j.failure_message, r.test_result as answer,
         extract(epoch from j.finished_at - j.started_at)::float8 as seconds
       from analysis_jobs j join analysis_results r on r.job_id = j.id where j.id = $1 and j.finished_at is not null`,
      [jobId],
    );
    return rows[0] as
      | { status: string; failure_message: string | null; answer: Record<string, unknown>; seconds: number }
      | undefined;
  }, PATIENCE_MS);
  const peak = await peakResidentBytes(worker.pid);
  if (ended.status !== 'COMPLETED') throw new Error(`The job is ${ended.status}: ${ended.failure_message}`);
  worker.kill('SIGTERM');
  await worker.waitForEnd(30_000);
  return { seconds: ended.seconds, answer: ended.answer, peak };
}

/** Demand for a thousand parts at five sites, row by row and day by day. */
function demandOf(count: number): Buffer {
  const lines = ['date,partnumber,site_code,demand_qty'];
  for (let row = 0; row < count; row += 1) {
    const [day, part] = [Math.floor(row / SERIES), row % SERIES];
    const date = new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
    lines.push(`${date},P${part},S${part % 5},${(day * 7_919 + part * 31) % 101}`);
  }
  return Buffer.from(lines.join('\n'));
}
