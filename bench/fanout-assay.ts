import type pg from 'pg';
import { WatchJobDocument } from '../src/client/operations.generated.ts';
import { createWakeUpPublisher } from '../src/feed/publisher.ts';
import { createLog } from '../src/log.ts';
import { createOrm } from '../src/orm.ts';
import type { Apis } from './apis.ts';
import type { Side } from './fanout-side.ts';
import { moveGroup } from './group-move.ts';
import type { BenchJob } from './jobs.ts';
import { forEach } from './patience.ts';
import { watch } from './watcher.ts';

/** Sockets that are opened at one time. */
export const CONNECTING = 25;
/** Jobs, or notifications, in one transaction. */
export const TOGETHER = 100;

/** `count` sockets over the jobs in turn, each with its owner's token. An event is that all jobs start, or go back to the queue. */
export async function assaySide(
  { servers, database, tokenOf }: Apis,
  { jobs, count }: { jobs: readonly BenchJob[]; count: number },
  closing: AsyncDisposableStack,
): Promise<Side> {
  const [server] = servers;
  if (!server) throw new Error('There is no API.');
  const orm = await createOrm({ url: database.url, name: 'assay-bench-mover' });
  closing.defer(() => orm.close());
  const publisher = createWakeUpPublisher({ orm, log: createLog({ level: 'error' }) });
  closing.defer(() => publisher.stop());
  const jobIds = jobs.map(({ id }) => id);
  let verb: 'start' | 'release' = 'start';
  const side: Side = {
    ...{ name: 'Assay', pid: server.pid, sockets: count, onDelivery: () => undefined },
    async emit() {
      for (const group of groupsOf(jobIds)) {
        await moveGroup(orm, group, verb);
        publisher.publish(group.map((jobId) => ({ jobId })));
      }
      verb = verb === 'start' ? 'release' : 'start';
    },
    commits: () => lastCommits(database.pool, 'job_events', jobIds),
  };
  const tokens = await Promise.all(jobs.map(({ userId }) => tokenOf(userId)));
  const watchers = await forEach(Array.from({ length: count }), CONNECTING, (_, place) =>
    watch({
      url: server.url,
      token: tokens[place % jobs.length] ?? '',
      query: WatchJobDocument.toString(),
      variables: { jobId: jobIds[place % jobs.length] },
      onNext: (text) => side.onDelivery(place, text),
    }),
  );
  closing.defer(() => {
    for (const { socket } of watchers) socket.terminate();
  });
  return side;
}

/** As many as one transaction takes. */
export const groupsOf = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / TOGETHER) }, (_, index) =>
    all.slice(index * TOGETHER, (index + 1) * TOGETHER),
  );

/** When the latest event of each job was committed, by the database's clock. */
export async function lastCommits(pool: pg.Pool, table: string, jobIds: readonly string[]): Promise<number[]> {
  const { rows } = await pool.query<{ ms: number }>(
    `select (select extract(epoch from pg_xact_commit_timestamp(xact::xid))::float8 * 1000 from ${table} e
       where e.job_id = asked.id order by seq desc limit 1) as ms
     from unnest($1::uuid[]) with ordinality as asked (id, place) order by place`,
    [jobIds],
  );
  return rows.map(({ ms }) => ms);
}
