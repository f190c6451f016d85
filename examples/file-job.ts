// Uploads a file, runs a job on it, and saves what came of it beside the file:
//   npm run example:file -- forecast demand.csv --horizon 30
//   npm run example:file -- compress demand.csv --algorithm ZSTD
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type AssayClient,
  type CompressionAlgorithm,
  CreateUploadDocument,
  createAssayClient,
  ReadFilesDocument,
  ReadResultDocument,
  SubmitCompressionDocument,
  SubmitForecastDocument,
} from '../src/client/index.ts';
import { DEMO_OPTIONS, readArguments, requireToken, runDemo } from './demo.ts';
import { watchWithBar } from './watching.ts';

const HELP = `Usage: npm run example:file -- <forecast|compress> <file> [options]

Uploads the file, submits the job, follows it, prints its result and saves the file that it made beside the first.

  --horizon <days>         how many days to forecast (30)
  --algorithm <name>       GZIP, BROTLI or ZSTD (ZSTD)
  --url <url>              where Assay runs (http://127.0.0.1:4000, or the port in PORT)
  --token <token>          submits as this user (the demo user of the data folder)
  --data-dir <folder>      the data folder of "npm start" (ASSAY_DATA_DIR, or .data)`;

const { values, positionals } = readArguments({
  ...DEMO_OPTIONS,
  token: { type: 'string' },
  horizon: { type: 'string', default: '30' },
  algorithm: { type: 'string', default: 'ZSTD' },
});

async function main(): Promise<number> {
  const [work, file] = positionals;
  if (values.help || file === undefined || (work !== 'forecast' && work !== 'compress')) {
    console.log(HELP);
    return values.help ? 0 : 1;
  }
  const token = requireToken('user-token', values);
  const client = createAssayClient({ url: values.url, token });
  try {
    const uploadId = await upload(client, file, work === 'forecast' ? 'text/csv' : 'application/octet-stream');
    const jobId = await submit(client, work, uploadId);
    const end = await watchWithBar(client, jobId);
    if (!end?.resultId || end.status !== 'COMPLETED') {
      throw new Error(end?.metadata.errorMessage ?? `The job ended as ${end?.status}.`);
    }
    const { result } = await client.request(ReadResultDocument, { id: end.resultId });
    console.log(JSON.stringify(result?.testResult, null, 2));
    console.log(await save(client, jobId, path.dirname(file)));
    return 0;
  } finally {
    client.close();
  }
}

/** Announces the file and sends its bytes. */
async function upload(client: AssayClient, file: string, contentType: string): Promise<string> {
  const found = await stat(file);
  if (!found.isFile()) throw new Error(`${file} is not a file.`);
  const { size } = found;
  const input = { name: path.basename(file), contentType, size };
  const { upload, userErrors } = (await client.request(CreateUploadDocument, { input })).createUpload;
  if (!upload) throw refusal(userErrors);
  const body = Readable.toWeb(createReadStream(file)) as ReadableStream;
  const headers = { 'content-type': contentType, 'content-length': String(size) };
  const response = await fetch(upload.url, { method: upload.method, headers, body, duplex: 'half' } as RequestInit);
  if (!response.ok) throw new Error(await response.text());
  return upload.id;
}

async function submit(client: AssayClient, work: 'forecast' | 'compress', uploadId: string): Promise<string> {
  const { job, userErrors } =
    work === 'forecast'
      ? (await client.request(SubmitForecastDocument, { input: { uploadId, horizon: Number(values.horizon) } }))
          .submitForecast
      : (
          await client.request(SubmitCompressionDocument, {
            input: { uploadId, algorithm: values.algorithm as CompressionAlgorithm },
          })
        ).submitCompression;
  if (!job) throw refusal(userErrors);
  return job.id;
}

/** @returns where the file of the job now is */
async function save(client: AssayClient, jobId: string, folder: string): Promise<string> {
  const { job } = await client.request(ReadFilesDocument, { jobId });
  const made = job?.files.find(({ role }) => role === 'OUTPUT');
  if (!made) throw new Error('The job has no file.');
  const response = await fetch(made.url);
  if (!response.ok || !response.body) throw new Error(await response.text());
  const target = path.join(folder, path.basename(made.name));
  // Never over a file that is there.
  await pipeline(Readable.fromWeb(response.body as never), createWriteStream(target, { flags: 'wx' }));
  return target;
}

const refusal = (errors: readonly { field?: readonly string[] | null; message: string }[]) =>
  new Error(errors.map(({ field, message }) => `${field?.join('.') ?? ''}: ${message}`).join('; '));

await runDemo(main, values);
