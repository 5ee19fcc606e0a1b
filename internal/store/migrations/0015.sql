-- How often a delivery was asked for: who brings it down drops it, unless somebody
-- asked again meanwhile.
ALTER TABLE deliveries ADD COLUMN asked BIGINT NOT NULL DEFAULT 1;
