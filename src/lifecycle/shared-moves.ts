import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { type RawBuilder, sql } from 'kysely';
import { complete, completing, type Lease, type Start, start, startedOf, starting } from './attempt.ts';
import { type Moved, move } from './move.ts';
import { together } from './together.ts';

/** Statements of one sort at once, of one process, and moves of one statement. */
const TOGETHER = { atOnce: 2, most: 16 };

interface Completion extends Lease {
  testResult: unknown;
}

/** What came of a task; nothing where it has to be done alone. */
type Done<T> = { done: T } | undefined;

/**
 * Starts and completions that come while others are being written share the next statement. Who comes alone waits for no
 * company.
 *
 * Such a statement waits for nobody, also where it moves one job: a job that is locked is left out, as it would hold up those
 * who come after it. What is left out, for whatever reason, and all of it where the database refuses any, is moved alone, which
 * says why it cannot be.
 */
export function createSharedMoves({ orm }: { orm: MikroORM }) {
  const em = () => orm.em.fork();
  const shared = <Task extends { jobId: string }, T>(
    alone: (em: EntityManager, task: Task) => Promise<T>,
    all: (em: EntityManager, tasks: readonly Task[]) => Promise<Moved[]>,
    answerOf: (moved: Moved) => T,
  ) => {
    const act = together(async (tasks: readonly Task[]): Promise<Done<T>[]> => {
      // One of each job, so that what moved it is known.
      const oneOf = new Map(tasks.map((task) => [task.jobId, task]));
      const moved = await all(em(), [...oneOf.values()]).catch(noneIfRefused);
      const movedOf = new Map(moved.map((one) => [oneOf.get(one.job.id), one]));
      return tasks.map((task) => {
        const one = movedOf.get(task);
        return one && { done: answerOf(one) };
      });
    }, TOGETHER);
    return async (task: Task): Promise<T> => {
      const answer = await act(task);
      return answer ? answer.done : await alone(em(), task);
    };
  };

  return {
    start: shared(start, startAll, startedOf),
    complete: shared(
      (within, { testResult, ...lease }: Completion) => complete(within, lease, testResult),
      completeAll,
      (moved) => moved,
    ),
  };
}

function startAll(em: EntityManager, starts: readonly Start[]): Promise<Moved[]> {
  const columns = sql`"jobId" uuid, round integer, attempt integer, "workerId" uuid, "leaseToken" uuid, "leaseMs" float8`;
  const asked = {
    jobId: sql<string>`w."jobId"`,
    round: sql<number>`w.round`,
    attempt: sql<number>`w.attempt`,
    workerId: sql<string>`w."workerId"`,
    leaseToken: sql<string>`w."leaseToken"`,
    leaseMs: sql<number>`w."leaseMs"`,
  };
  return move(em, 'start', { ...starting(asked), among: free(starts, columns) });
}

function completeAll(em: EntityManager, completions: readonly Completion[]): Promise<Moved[]> {
  const columns = sql`"jobId" uuid, "leaseToken" uuid, "testResult" jsonb`;
  const asked = {
    jobId: sql<string>`w."jobId"`,
    leaseToken: sql<string>`w."leaseToken"`,
    answer: sql`w."testResult"`,
  };
  return move(em, 'complete', { ...completing(asked), among: free(completions, columns) });
}

/**
 * Those of the tasks, by these columns, whose jobs nobody else has locked. They are found by a list of ids: of a table of JSON the
 * planner expects so many rows that it might read all jobs.
 */
const free = (tasks: readonly { jobId: string }[], columns: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  select t.* from jsonb_to_recordset(${JSON.stringify(tasks)}::jsonb) as t (${columns})
  join analysis_jobs locked on locked.id = t."jobId" and locked.id = any(${tasks.map(({ jobId }) => jobId)}::uuid[])
  for update of locked skip locked`;

/** SQLSTATE classes of statements that the database did not carry out, for reasons that may lie in one of their rows. */
const REFUSED = /^(22|23|40|42|54|55|57014|AS|P0)/;

/** @throws what leaves open whether anything was written */
function noneIfRefused(error: Error & { code?: unknown }): Moved[] {
  if (REFUSED.test(String(error.code))) return [];
  throw error;
}
