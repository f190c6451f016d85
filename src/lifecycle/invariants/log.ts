import { EventType } from '../../entities/job-status.ts';
import { DOCTOR_MOVES, MOVES } from '../machine.ts';
import { type Invariant, list } from './invariant.ts';

const ENDINGS = list([EventType.COMPLETED, EventType.FAILED, EventType.STUCK, EventType.CANCELLED]);

/** Each event that may follow a status. A run over its limit fails by another name. */
const followers = [
  ...[...Object.values(MOVES), ...Object.values(DOCTOR_MOVES)].flatMap(({ from, event }) =>
    from.map((status) => [event, status]),
  ),
  ...MOVES.fail.from.map((status) => [EventType.STUCK, status]),
];
const FOLLOWERS = followers.map((pair) => `(${list(pair)})`).join(', ');

/** What the events say, against each other and against their job. History may have been pruned from its beginning. */
export const log = [
  {
    id: 'events-without-gap',
    sentence: 'The events of a job are numbered without a gap, from the first that is kept to the job’s seq',
    broken: `
      select j.id as subject, format('the job is at %s, its %s events go from %s to %s',
        j.seq, count(e.seq), coalesce(min(e.seq), 0), coalesce(max(e.seq), 0)) as found
      from analysis_jobs j left join job_events e on e.job_id = j.id
      group by j.id having coalesce(max(e.seq), 0) <> j.seq or count(e.seq) <> max(e.seq) - min(e.seq) + 1`,
  },
  {
    id: 'events-are-moves',
    sentence: 'Each event follows from the one before it by a move',
    broken: `
      select e.job_id as subject, format('%s: %s of round %s attempt %s after %s of round %s attempt %s',
        e.seq, e.type, e.round, e.attempt, coalesce(e.type_before, 'nothing'), e.round_before, e.attempt_before) as found
      from (
        select *, lag(seq) over job as seq_before, lag(type) over job as type_before, lag(status) over job as status_before,
          lag(round) over job as round_before, lag(attempt) over job as attempt_before
        from job_events window job as (partition by job_id order by seq)
      ) e
      where exists (select from analysis_jobs j where j.id = e.job_id) and case
        when e.seq = 1 then (e.type, e.round, e.attempt) is distinct from ('${EventType.QUEUED}', 1, 0)
        when e.seq_before is distinct from e.seq - 1 then false
        else e.type_before = 'DELETED' or (e.type, e.status_before) not in (${FOLLOWERS})
          or e.round <> e.round_before + (e.type = 'RETRIED')::int
          or not case e.type
            when 'STARTED' then e.attempt = e.attempt_before + 1
            when 'RELEASED' then e.attempt between e.attempt_before - 1 and e.attempt_before
            when 'RETRIED' then e.attempt = 0
            else e.attempt = e.attempt_before
          end
      end`,
  },
  {
    id: 'events-in-order',
    sentence: 'Along the events of a job neither time nor the order of the log runs backwards',
    broken: `
      select job_id as subject, format('%s is of %s (row %s), the one before of %s (row %s)', seq, at, id, at_before, id_before) as found
      from (
        select *, lag(at) over job as at_before, lag(id) over job as id_before
        from job_events window job as (partition by job_id order by seq)
      ) e
      where at < at_before or id < id_before`,
  },
  {
    id: 'round-ends-once',
    sentence: 'A round that is over has one finishing event, an open one has none',
    broken: `
      select e.job_id as subject, format('round %s of %s has %s', e.round, j.round, count(*) filter (where e.type in (${ENDINGS}))) as found
      from job_events e join analysis_jobs j on j.id = e.job_id
      group by e.job_id, e.round, j.id
      having case when e.round < j.round or j.finished_at is not null
        then count(*) filter (where e.type in (${ENDINGS})) <> 1 and bool_or(e.type in ('QUEUED', 'RETRIED'))
          or count(*) filter (where e.type in (${ENDINGS})) > 1
        else count(*) filter (where e.type in (${ENDINGS})) > 0
      end`,
  },
  {
    id: 'row-is-its-events',
    sentence: 'A job stands where its last event left it',
    broken: `
      select j.id as subject, format('the row: %s round %s attempt %s of %s (%s); event %s: %s round %s attempt %s of %s (%s)',
        j.status, j.round, j.attempt, coalesce(j.deleted_at, j.finished_at, j.updated_at), j.failure_message,
        e.seq, e.type, e.round, e.attempt, e.at, e.error_message) as found
      from analysis_jobs j join (select distinct on (job_id) * from job_events order by job_id, seq desc) e on e.job_id = j.id
      where (j.status, j.round, j.attempt, j.deleted_at is not null, coalesce(j.deleted_at, j.finished_at, j.updated_at))
          is distinct from (e.status, e.round, e.attempt, e.type = 'DELETED', e.at)
        or j.deleted_at is null and j.finished_at is not null and j.failure_message is distinct from e.error_message`,
  },
  {
    id: 'attempts-within-limit',
    sentence: 'No attempt was made beyond the number that a job has',
    broken: `
      select j.id as subject, format('attempt %s of %s', max(e.attempt), j.max_attempts) as found
      from analysis_jobs j join job_events e on e.job_id = j.id
      group by j.id having max(e.attempt) > j.max_attempts`,
  },
  {
    id: 'tombstone-is-silent',
    sentence: 'The events of a deleted job say nothing of what it was about',
    broken: `
      select j.id as subject, format('event %s: %s %s', e.seq, e.error_message, e.progress) as found
      from analysis_jobs j join job_events e on e.job_id = j.id
      where j.deleted_at is not null and (e.error_message <> 'Deleted' or e.progress - 'percent' <> '{}')`,
  },
  {
    id: 'gone-jobs-leave-one-event',
    sentence: 'Of a job that is gone only the event of its end remains',
    broken: `
      select e.job_id as subject, format('%s are left: %s', count(*), string_agg(e.type, ' ' order by e.seq)) as found
      from job_events e where not exists (select from analysis_jobs j where j.id = e.job_id)
      group by e.job_id having count(*) > 1 or bool_or(e.type <> '${EventType.DELETED}')`,
  },
] as const satisfies Invariant[];
