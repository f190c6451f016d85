// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the edits are pieces of source text, in which templates stand
/** One edit of a source file; what it replaces must be there exactly once. */
export interface Edit {
  file: string;
  replace: string;
  by: string;
}

/** A lifecycle, or a database, with a fault that must not go unseen. */
export interface Variant {
  name: string;
  /** What is wrong with it. */
  fault: string;
  edits?: Edit[];
  /** Statements for the database. */
  bend?: string;
  /** It shows in few histories, so the suite leaves it to `npm run model -- --variants`. */
  isRare?: boolean;
}

const lifecycle = (file: string) => `lifecycle/${file}.ts`;

export const VARIANTS: readonly Variant[] = [
  {
    name: 'no guard on the status',
    fault: 'A move is made from whatever status a job has.',
    edits: [
      {
        file: lifecycle('move'),
        replace: 'where j.status = any(${[...from]}) and j.deleted_at is null and ${statement.where}',
        by: 'where j.deleted_at is null and ${statement.where}',
      },
    ],
  },
  {
    name: 'no fence',
    fault: 'Whoever ever held the job may still write to it.',
    edits: [
      {
        file: lifecycle('attempt'),
        replace: 'sql`j.id = ${jobId} and j.lease_token = ${leaseToken}`;',
        by: 'sql`j.id = ${jobId} and ${leaseToken}::uuid is not null`;',
      },
    ],
  },
  {
    name: 'return instead of throw',
    fault: 'A fenced-out worker is told that all is well, so its task ends as one that was done.',
    edits: [
      {
        file: lifecycle('attempt'),
        replace: 'if (!moved) throw await refusal(em, name, lease.jobId);\n  return moved;',
        by: `void name;
  return moved ?? { job: (await em.fork().findOne(Job, { id: lease.jobId })) ?? new Job(), tokenBalance: null };`,
      },
    ],
  },
  {
    name: 'report to an ended job',
    fault: 'Progress is written while the lease is on the row, also after a cancel.',
    isRare: true,
    edits: [
      {
        file: lifecycle('attempt'),
        replace: 'where j.status = ${JobStatus.PROCESSING} and ${held(lease)}`.execute',
        by: 'where ${held(lease)}`.execute',
      },
    ],
  },
  {
    name: 'any attempt starts',
    fault: 'A task that is out of date starts an attempt which is not due.',
    isRare: true,
    edits: [
      {
        file: lifecycle('attempt'),
        replace: ' and j.attempt + 1 = ${attempt}`',
        by: ' and ${attempt}::integer is not null`',
      },
    ],
  },
  {
    name: 'any round starts',
    fault: 'A task of a round that is over starts the next one.',
    edits: [
      { file: lifecycle('attempt'), replace: ' and j.round = ${round}', by: ' and ${round}::integer is not null' },
    ],
  },
  {
    name: 'refund outside of the transaction',
    fault: 'A job ends, and its price is paid back in a transaction of its own.',
    edits: [
      { file: lifecycle('move'), replace: 'sql`moved where refunded`', by: 'sql`moved where refunded and false`' },
      {
        file: lifecycle('move'),
        replace: '  return rows.map(({ token_balance',
        by: `  for (const row of rows.filter((ended) => ended.refunded)) {
    const refund = await sql<{ balance: number }>\`
      with paid as (
        update accounts set balance = balance + \${row.price} where user_id = \${row.user_id} returning balance
      )
      insert into ledger_entries (user_id, entry, amount, balance, job_id, round)
      select \${row.user_id}, 'REFUND', \${row.price}, balance, \${row.id}, \${row.round} from paid
      returning balance\`.execute(em.fork().getKysely());
    row.token_balance = refund.rows[0]?.balance ?? null;
  }
  return rows.map(({ token_balance`,
      },
    ],
  },
  {
    name: 'event before the commit',
    fault: 'A cancel is told of in a transaction of its own, before it is known whether it happens.',
    edits: [
      {
        file: lifecycle('move'),
        replace: 'select ${event.values} from moved j left join refund r on r.job_id = j.id',
        by: "select ${event.values} from moved j left join refund r on r.job_id = j.id where ${name !== 'cancel'}",
      },
      {
        file: lifecycle('cancel'),
        replace: "  return await move(em, 'cancel', {",
        by: `  await sql\`
    insert into job_events (job_id, seq, type, user_id, result_id, kind, status, round, attempt, progress, token_balance,
      assessment_name, error_message, at)
    select id, seq + 1, 'CANCELLED', user_id, result_id, kind, 'CANCELLED', round, attempt, progress,
      (select a.balance + j.price from accounts a where a.user_id = j.user_id and j.price > 0), name, \${message}, now()
    from analysis_jobs j where j.id = any(\${jobIds}::uuid[]) and \${owned(scope)} and j.status <> 'COMPLETED'\`.execute(em.fork().getKysely());
  return await move(em, 'cancel', {`,
      },
    ],
  },
  {
    name: 'event after the commit',
    fault: 'A move is told of in a statement after it, when the job may be elsewhere again.',
    isRare: true,
    edits: [
      {
        file: lifecycle('move'),
        replace: 'select ${event.values} from moved j left join refund r on r.job_id = j.id',
        by: 'select ${event.values} from moved j left join refund r on r.job_id = j.id where false',
      },
      {
        file: lifecycle('move'),
        replace: '  return rows.map(({ token_balance',
        by: `  await sql\`
    insert into job_events (\${event.columns})
    select \${event.values} from analysis_jobs j
    left join ledger_entries r on r.job_id = j.id and r.round = j.round and r.entry = 'REFUND'
    where j.id = any(\${rows.map((row) => String(row.id))}::uuid[])\`.execute(em.getKysely());
  return rows.map(({ token_balance`,
      },
    ],
  },
  {
    name: 'submit without a lock',
    fault: 'Whether a key was used is asked while another submit is using it.',
    edits: [
      {
        file: lifecycle('ledger'),
        replace: 'select balance from accounts where user_id = ${userId} for update',
        by: 'select balance from accounts where user_id = ${userId}',
      },
      {
        file: lifecycle('shared-commits'),
        replace: 'order by user_id for update skip locked',
        by: '',
      },
      {
        // What is read without a lock is old by now, so it cannot be asked again and again.
        file: lifecycle('submit'),
        replace: 'if (available < submission.price) return',
        by: 'if (submission.price >= 0) return',
      },
    ],
  },
  {
    name: 'no unique keys',
    fault: 'Nothing but a look beforehand keeps a key from being used twice.',
    edits: [
      {
        file: lifecycle('ledger'),
        replace: 'select balance from accounts where user_id = ${userId} for update',
        by: 'select balance from accounts where user_id = ${userId}',
      },
      {
        file: lifecycle('shared-commits'),
        replace: 'order by user_id for update skip locked',
        by: '',
      },
      {
        // What is read without a lock is old by now, so it cannot be asked again and again.
        file: lifecycle('submit'),
        replace: 'if (available < submission.price) return',
        by: 'if (submission.price >= 0) return',
      },
    ],
    bend: 'alter table idempotency_keys drop constraint idempotency_keys_pkey',
  },
  {
    name: 'cancel leaves the task',
    fault: 'A cancelled job stays in the queue.',
    edits: [{ file: lifecycle('cancel'), replace: 'concat(${taskRemoved}, ${workerTold})', by: '${workerTold}' }],
  },
  {
    name: 'cancel without a lock',
    fault: 'What a cancel tells of the progress may be older than the last report.',
    isRare: true,
    edits: [
      {
        file: lifecycle('cancel'),
        replace: 'order by j.id for update`',
        by: 'order by j.id`',
      },
    ],
  },
  {
    name: 'retry on credit',
    fault: 'A round is opened for a user who cannot pay it.',
    edits: [
      {
        file: lifecycle('retry'),
        replace: 'and ${price}::int > 0 and a.balance >= ${price}',
        by: 'and ${price}::int > 0',
      },
    ],
  },
  {
    name: 'retry reads, decides, then writes',
    fault: 'Two retries at once both find a job that ended, and both open a round.',
    edits: [
      {
        file: lifecycle('retry'),
        replace: 'and j.deleted_at is null\n      for update\n',
        by: 'and j.deleted_at is null\n',
      },
    ],
  },
  {
    name: 'rescue of the living',
    fault: 'A job is taken from a worker whose lease is good.',
    edits: [
      {
        file: lifecycle('rescue'),
        replace: 'and ${ranOut(options)}\n  order by id limit ${BATCH} for update skip locked\n))`;',
        by: 'and ${options.leaseMs} > 0\n  order by id limit ${BATCH} for update skip locked\n))`;',
      },
    ],
  },
  {
    name: 'rescue forgets the queue',
    fault: 'A waiting job whose task is gone waits for ever.',
    isRare: true,
    edits: [
      {
        file: lifecycle('rescue'),
        replace: 'select j.id, ${addTask()} as task_id from lost j`',
        by: 'select j.id, ${addTask()} as task_id from lost j where false`',
      },
    ],
  },
  {
    name: 'anyone tells that a thread is gone',
    fault: 'A zombie of an earlier attempt frees the job while the thread of the last one still runs.',
    edits: [
      {
        file: lifecycle('cancel'),
        replace: 'where j.id = ${jobId} and j.lease_token = ${leaseToken} and j.status in',
        by: 'where j.id = ${jobId} and j.lease_token is distinct from ${leaseToken} and j.lease_token is not null and j.status in',
      },
    ],
  },
  {
    name: 'deletion pays back',
    fault: 'A forced deletion pays back also what was done and delivered.',
    edits: [
      {
        file: lifecycle('remove'),
        replace: 'status = any(${[...ACTIVE]}) and price > 0 as is_owed',
        by: '${[...ACTIVE].length} > 0 and price > 0 as is_owed',
      },
    ],
  },
  {
    name: 'deletion without a lock',
    fault: 'The event of a move that a deletion waited for outlives the job.',
    isRare: true,
    edits: [
      {
        file: lifecycle('remove'),
        replace: '    await sql`select from analysis_jobs j where ${which} for update`.execute(db);\n',
        by: '',
      },
    ],
  },
  {
    name: 'tombstone tells',
    fault: 'The events of a deleted job still say what it was about.',
    edits: [
      {
        file: lifecycle('remove'),
        replace: "set error_message = null, progress = jsonb_build_object('percent', e.progress -> 'percent')",
        by: 'set error_message = e.error_message',
      },
    ],
  },
  {
    name: 'result without its job',
    fault: 'A result does not follow its job, by a foreign key that is gone.',
    bend: 'alter table analysis_results drop constraint results_follow_job',
  },
  {
    name: 'no unique entries',
    fault: 'Nothing in the database keeps a round from being paid back twice.',
    bend: 'alter table ledger_entries drop constraint ledger_once_per_round',
  },
];
