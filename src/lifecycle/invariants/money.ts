import type { Invariant } from './invariant.ts';

/** What is paid and paid back; the ledger outlives its jobs. */
export const money = [
  {
    id: 'balance-is-sum',
    sentence: 'A balance is the sum of its user’s entries',
    broken: `
      select a.user_id as subject, format('balance %s, entries %s', a.balance, coalesce(sum(l.amount), 0)) as found
      from accounts a left join ledger_entries l using (user_id)
      group by a.user_id having a.balance <> coalesce(sum(l.amount), 0)`,
  },
  {
    id: 'entry-tells-balance',
    sentence: 'Each entry of the ledger tells the balance after it',
    broken: `
      select user_id as subject, format('%s %s tells %s, and it was %s', entry, id, balance, running) as found
      from (select *, sum(amount) over (partition by user_id order by id) as running from ledger_entries) entries
      where balance <> running`,
  },
  {
    id: 'balance-not-negative',
    sentence: 'No balance is or was below zero',
    broken: `
      select user_id as subject, format('balance %s', balance) as found from accounts where balance < 0
      union all
      select user_id, format('%s %s left %s', entry, id, balance) from ledger_entries where balance < 0`,
  },
  {
    id: 'round-charged-once',
    sentence: 'A round is charged once, at its price; what costs nothing is not charged',
    broken: `
      select j.id as subject, format('round %s costs %s, charged %s', j.round, j.price, coalesce(c.paid, 0)) as found
      from analysis_jobs j left join (
        select job_id, round, sum(-amount) as paid, count(*) as entries from ledger_entries where entry = 'CHARGE' group by 1, 2
      ) c on c.job_id = j.id and c.round = j.round
      where coalesce(c.entries, 0) <> (j.price > 0)::int or coalesce(c.paid, 0) <> j.price
      union all
      select j.id, format('round %s is charged, and there are %s', c.round, j.round)
      from ledger_entries c join analysis_jobs j on j.id = c.job_id where c.round not between 1 and j.round`,
  },
  {
    id: 'failed-round-paid-back',
    sentence: 'A round that failed or was cancelled is paid back',
    repair: 'sync status',
    broken: `
      select c.job_id as subject, format('round %s was charged %s and is not paid back', c.round, -c.amount) as found
      from ledger_entries c join analysis_jobs j on j.id = c.job_id
      where c.entry = 'CHARGE' and (c.round < j.round or j.deleted_at is null and j.status in ('FAILED', 'CANCELLED'))
        and not exists (
          select from ledger_entries r where r.job_id = c.job_id and r.round = c.round and r.entry = 'REFUND'
        )`,
  },
  {
    id: 'refund-is-due',
    sentence: 'What is paid back was charged, is as much, and is of no completed or open round',
    broken: `
      select r.job_id as subject,
        format('round %s of a %s job: charged %s, paid back %s', r.round, coalesce(j.status, 'gone'), -c.amount, r.amount) as found
      from ledger_entries r
      left join ledger_entries c on c.job_id = r.job_id and c.round = r.round and c.entry = 'CHARGE'
      left join analysis_jobs j on j.id = r.job_id
      where r.entry = 'REFUND' and (c.amount is distinct from -r.amount
        or j.deleted_at is null and j.round = r.round and j.status not in ('FAILED', 'CANCELLED'))`,
  },
] as const satisfies Invariant[];
