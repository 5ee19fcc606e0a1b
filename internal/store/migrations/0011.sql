-- What is in flight is little, and SQLite finds it by copies_key (PostgreSQL only
-- once it has looked how little); a lane's numbers are given out one after
-- another, so no index need keep them apart.
DROP INDEX copies_begun; -- only: sqlite
DROP INDEX deliveries_ord;
CREATE INDEX deliveries_dead ON deliveries (room) WHERE dead <> 0;
