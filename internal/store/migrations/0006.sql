-- What a plan leaves out: a time of the day, and dates (JSON). The pause that it
-- makes between firings that it makes up for, and when it made the newest.
ALTER TABLE plans ADD COLUMN quiet TEXT NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN skip TEXT NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN pause BIGINT NOT NULL DEFAULT 0;
ALTER TABLE plans ADD COLUMN made BIGINT NOT NULL DEFAULT 0;
