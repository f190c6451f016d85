// Copies the list of a source, follows the job, and tells what is there:
//   npm run example:sync -- PANGKAT
import { createAssayClient } from '../src/client/index.ts';
import { DEMO_OPTIONS, readArguments, requireToken, runDemo } from './demo.ts';
import { ReadSyncDocument, RequestSyncDocument, type SyncSource } from './operations.generated.ts';
import { watchWithBar } from './watching.ts';

const HELP = `Usage: npm run example:sync -- <PANGKAT|PENSIUN|PG_AKADEMIK|PG_PROFESI|SKK> [options]

Asks for a sync, follows it, and prints how many records there are.

  --force                  begins anew also where one runs or was completed
  --url <url>              where Assay runs (http://127.0.0.1:4000, or the port in PORT)
  --token <token>          asks as this service (the demo service of the data folder)
  --data-dir <folder>      the data folder of "npm start" (ASSAY_DATA_DIR, or .data)`;

const { values, positionals } = readArguments({
  ...DEMO_OPTIONS,
  token: { type: 'string' },
  force: { type: 'boolean', default: false },
});

async function main(): Promise<number> {
  const source = positionals[0] as SyncSource | undefined;
  if (values.help || source === undefined) {
    console.log(HELP);
    return values.help ? 0 : 1;
  }
  const token = requireToken('service-token', values);
  const client = createAssayClient({ url: values.url, token });
  try {
    const input = { source, force: values.force };
    const { job, message, userErrors } = (await client.request(RequestSyncDocument, { input })).requestSync;
    // What was refused is in the message, too.
    console.log([...new Set([message, ...userErrors.map((error) => error.message)])].join('\n'));
    if (!job) return 1;
    const end = await watchWithBar(client, job.id);
    if (end?.status !== 'COMPLETED') throw new Error(end?.metadata.errorMessage ?? `The sync ended as ${end?.status}.`);
    const { syncStatusOf, syncRecords } = await client.request(ReadSyncDocument, { source });
    console.log(`${syncStatusOf.recordCount} records, such as ${JSON.stringify(syncRecords.nodes[0]?.data)}`);
    return 0;
  } finally {
    client.close();
  }
}

await runDemo(main, values);
