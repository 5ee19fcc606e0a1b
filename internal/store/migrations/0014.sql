-- How many passages a plan posts while nobody answers; 0: all of them.
ALTER TABLE plans ADD COLUMN wait BIGINT NOT NULL DEFAULT 0;
