-- Which request asked for the present round of a job: the id by which its lines are found in the logs, and its place in a trace.
-- It is told to nobody but the log. Jobs of before have none.

set local lock_timeout = '2s';
set local statement_timeout = '10s';

alter table analysis_jobs add column origin jsonb;
