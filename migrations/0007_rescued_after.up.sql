-- How long the worker of a job had been silent when the job was taken up by a rescue, in seconds; null on all other events.
-- Events of before have none: what they knew of it is gone.

set local lock_timeout = '2s';
set local statement_timeout = '10s';

alter table job_events add column rescued_after double precision;
