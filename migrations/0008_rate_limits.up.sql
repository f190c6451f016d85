-- What each user, service token or address has asked for in its present minute, counted by all API processes together. The
-- columns are those of the library that counts (rate-limiter-flexible): `expire` is the end of the minute, in milliseconds
-- since 1970. Unlogged: a count costs no wait for the disk, and a crash of the database begins all minutes anew.

set local lock_timeout = '2s';
set local statement_timeout = '5min';

create unlogged table rate_limits (
  key text primary key,
  points integer not null,
  expire bigint not null
) with (fillfactor = 50); -- a count changes its row in place, on the same page
