set local lock_timeout = '2s';

drop table rate_limits;
