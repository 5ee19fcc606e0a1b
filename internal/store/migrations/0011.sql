-- What is in flight is little, and found by copies_key; a lane's numbers are
-- given out one after another, so no index need keep them apart.
DROP INDEX copies_begun;
DROP INDEX deliveries_ord;
CREATE INDEX deliveries_dead ON deliveries (room) WHERE dead <> 0;
