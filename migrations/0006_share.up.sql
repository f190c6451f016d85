-- Sharing: under which id a result is open to everyone who has its link. The id is random and only half of a link; the other
-- half is a signature over it, so that whoever reads this database can open nothing.

set local lock_timeout = '2s';
set local statement_timeout = '5min';

alter table analysis_results add column share_id uuid;
-- There was no way to share: what says that it is public came from elsewhere, and has no link.
update analysis_results set is_public = false where is_public;
alter table analysis_results add constraint results_share_has_id check (is_public = (share_id is not null)) not valid;
alter table analysis_results add constraint results_share_is_completed check (
  share_id is null or status = 'COMPLETED'
) not valid;
-- squawk-ignore constraint-missing-not-valid -- at once, so that the doctor finds it whole; one short look at each result
alter table analysis_results validate constraint results_share_has_id;
-- squawk-ignore constraint-missing-not-valid -- likewise
alter table analysis_results validate constraint results_share_is_completed;

-- squawk-ignore require-concurrent-index-creation -- it is empty as yet, and no transaction can build one so
create unique index results_shared on analysis_results (share_id) where share_id is not null;
