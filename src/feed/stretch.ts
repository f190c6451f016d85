import type { EntityManager } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { Job } from '../entities/job.ts';
import { JobEvent } from '../entities/job-event.ts';
import type { Reader } from './cursor.ts';
import { FOLLOWED, type FollowedJob } from './frame.ts';
import { behind, type LogState, type Part, type Position, upTo } from './position.ts';
import { readRow, selectList } from './rows.ts';
import { parseSnapshot, printSnapshot, type Snapshot } from './snapshot.ts';

export interface StretchRequest {
  reader: Reader;
  /** Null for one who has no position: he gets none of the past, and the position of now. */
  from: Position | null;
  /** Where a new stretch ends; the present, where nothing is said. One that was begun ends where it was to end. */
  until?: Snapshot;
  /** Events that one read brings. */
  limit: number;
  /** The jobs of which the present state is asked. */
  running?: Running;
}

/** Among these jobs (all, where none are named) those of these owners (all, likewise), as far as they run. */
export interface Running {
  readonly jobIds: readonly string[] | null;
  readonly owners: readonly string[] | null;
}

export interface StretchPage {
  readonly log: LogState;
  /** In the order of the log, each with the position behind it. */
  readonly events: readonly { readonly event: JobEvent; readonly position: Position }[];
  readonly stretch: Pick<Part, 'until' | 'end'>;
  /** The position behind all of them. While it has a part, there is more to read. */
  readonly position: Position;
  /** When it was read, by the database's clock. */
  readonly readAt: Date;
  /** Of the same moment as the events of a stretch that ends with the present. */
  readonly running: readonly FollowedJob[];
}

interface Row {
  id: string;
  pruned_id: string;
  pruned_xact: string;
  pruned_seen: string;
  now: string;
  read_at: string;
  end: string | null;
  events: Record<string, unknown>[] | null;
  running: Record<string, unknown>[] | null;
}

/**
 * Reads on in the log of a user or of everyone. What became visible since a snapshot is an unordered lot as far as its
 * transactions go, and it is complete: what comes later is in no earlier stretch. Within it the row ids, which are drawn
 * under the lock of the job's row, keep each job's order. So no late commit is skipped and no open one is waited for.
 */
export async function readStretch(em: EntityManager, request: StretchRequest): Promise<StretchPage> {
  const { from, limit, running } = request;
  const until = from?.part?.until ?? request.until;
  const found = from ? rowsOf(request.reader, from, until, limit) : sql`select 0::bigint as id where false`;
  const { rows } = await sql<Row>`
    with found as materialized (${found}), page as (select id from found order by id limit ${limit})
    select log.id, log.pruned_id, log.pruned_xact, log.pruned_seen::text as pruned_seen, pg_current_snapshot()::text as now,
      clock_timestamp() as read_at,
      (select max(id) from found)::text as end,
      (select json_agg(r order by r.id) from (
        select ${sql.raw(selectList(em, JobEvent, 'e'))} from job_events e where e.id in (select id from page)
      ) r) as events,
      (select json_agg(r) from (
        select ${sql.raw(selectList(em, Job, 'j', FOLLOWED))} from analysis_jobs j
        where ${running ? runningOf(running) : sql`false`}
      ) r) as running
    from event_log log`.execute(em.getKysely());

  const [row] = rows;
  if (!row) throw new Error('the log has lost its name');
  const now = parseSnapshot(row.now);
  const pruned = { id: BigInt(row.pruned_id), xact: BigInt(row.pruned_xact), seen: parseSnapshot(row.pruned_seen) };
  const log = { id: row.id, pruned, now };
  const jobs = (row.running ?? []).map((job) => readRow(em, Job, job));
  const stretch = { until: until ?? now, end: from?.part?.end ?? BigInt(row.end ?? 0) };
  const readAt = new Date(row.read_at);
  if (!from) return { log, events: [], stretch, position: upTo(row.id, now), readAt, running: jobs };
  const events = (row.events ?? []).map((fields) => {
    const event = readRow(em, JobEvent, fields);
    return { event, position: behind(from, BigInt(event.id), stretch) };
  });
  // What is missing from the end of a part was deleted since.
  const isWhole = events.length < limit;
  const position = isWhole ? upTo(from.logId, stretch.until) : (events.at(-1)?.position ?? from);
  return { log, events, stretch, position, readAt, running: jobs };
}

/**
 * The rows of a stretch that are not known yet; of one that was begun, as many as are asked for. They are what `not
 * pg_visible_in_snapshot(xact, seen) and pg_visible_in_snapshot(xact, until)` says, put so that an index finds them, and
 * that a transaction which is open for long makes nobody look at all that came since. In the middle of everyone's
 * stretch, which can be long, they are found by their ids: to sort it anew for each page would take ever longer.
 */
function rowsOf(reader: Reader, from: Position, until: Snapshot | undefined, limit: number): RawBuilder<unknown> {
  const { seen, part } = from;
  const end = until ? sql`${printSnapshot(until)}::pg_snapshot` : sql`pg_current_snapshot()`;
  const isSeen = sql`pg_visible_in_snapshot(xact, ${printSnapshot(seen)}::pg_snapshot)`;
  const isNew = sql`pg_visible_in_snapshot(xact, ${end})`;
  if (part && reader === null) {
    return sql`select id from job_events where id > ${part.last} and id <= ${part.end}
      and not ${isSeen} and ${isNew} order by id limit ${limit}`;
  }
  const his = reader === null ? sql`true` : sql`user_id = ${reader}`;
  const rest = part ? sql`${isNew} and id > ${part.last}` : isNew;
  return sql`
    select id from job_events
    where ${his} and xact >= ${seen.next}::text::xid8 and xact < pg_snapshot_xmax(${end}) and ${rest}
    union all
    select id from job_events where ${his} and xact = any(${seen.open.map(String)}::text[]::xid8[]) and ${rest}`;
}

function runningOf({ jobIds, owners }: Running): RawBuilder<unknown> {
  const named = jobIds === null ? sql`true` : sql`j.id = any(${[...jobIds]}::uuid[])`;
  const owned = owners === null ? sql`true` : sql`j.user_id = any(${[...owners]}::uuid[])`;
  return sql`j.status = 'PROCESSING' and ${named} and ${owned}`;
}
