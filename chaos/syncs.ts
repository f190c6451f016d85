import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from './api-client.ts';
import type { Findings } from './findings.ts';
import type { LoadParts } from './load-parts.ts';
import type { Postgres } from './postgres.ts';
import type { Random } from './random.ts';
import { unanswered } from './unanswered.ts';

/** The sources that are asked for, by the path of their address. */
export const SOURCES = ['PANGKAT', 'SKK'];
const ROWS = 2_600;
const PAUSE_MS = 700;

/** A source with little patience: now and then it breaks off, is busy or fails. */
export async function startSource(random: Random): Promise<{ origin: string; stop(): void }> {
  const server = createServer(async (request, response) => {
    const asked = new URL(request.url ?? '', 'http://source').searchParams;
    const [offset, limit] = [Number(asked.get('offset')), Number(asked.get('limit'))];
    const ids = Array.from({ length: Math.max(0, Math.min(limit, ROWS - offset)) }, (_, index) => offset + index);
    await delay(random.between(5, 200));
    const mood = random.weighted({ FINE: 90, BUSY: 4, FAILS: 4, BREAKS_OFF: 2 });
    if (mood === 'BREAKS_OFF') response.writeHead(200).write('{"data":[', () => response.destroy());
    else if (mood !== 'FINE') response.writeHead(mood === 'BUSY' ? 429 : 500).end();
    else response.end(JSON.stringify({ total: ROWS, data: ids.map((id) => ({ id })) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, stop: () => void server.close().closeAllConnections() };
}

const REQUEST = `mutation ($input: RequestSyncInput!) { requestSync(input: $input) { outcome userErrors { code } } }`;
const CLEANUP = `mutation ($input: CleanupSyncInput!) { cleanupSync(input: $input) { userErrors { code } } }`;

/** Asks for syncs at a steady pace, forced ones and several at once among them, and removes some, until the signal. */
export async function runSyncs(parts: LoadParts, random: Random, signal: AbortSignal): Promise<void> {
  const { url, serviceToken, findings } = parts;
  const send = async (mutation: string, input: object) => {
    const answer = await ask<{ requestSync?: { outcome: string } }>(url(), serviceToken, mutation, { input });
    if (answer.outcome !== 'answered') unanswered(answer, findings);
    else findings.count(`sync: ${answer.data.requestSync?.outcome ?? 'cleanup'}`);
  };
  while (!signal.aborted) {
    const source = random.pick(SOURCES);
    if (random.chance(0.08)) await send(CLEANUP, { source });
    const requests = Array.from({ length: random.chance(0.2) ? 5 : 1 }, () => ({ source, force: random.chance(0.5) }));
    await Promise.all(requests.map((input) => send(REQUEST, input)));
    await delay(random.between(0, 2 * PAUSE_MS), undefined, { signal }).catch(() => undefined);
  }
}

/** What must hold of syncs once nothing is active. That one of a source is active, and nothing is left staged, is the doctor's. */
const RULES: Record<string, string> = {
  'a source has all of its records or none': `
    select source, count(*) from sync_records group by source having count(*) <> ${ROWS}`,
  'a completed sync left its records': `
    select j.id as job_id, r.test_result from analysis_jobs j join analysis_results r on r.job_id = j.id
    where j.kind = 'SYNC' and j.status = 'COMPLETED'
      and not exists (select from sync_records s where s.source = j.sync_source)`,
};

export async function checkSyncs({ query }: Pick<Postgres, 'query'>, findings: Findings): Promise<void> {
  for (const [rule, text] of Object.entries(RULES)) {
    for (const row of await query<Record<string, unknown>>(text)) findings.violation(rule, JSON.stringify(row));
  }
}
