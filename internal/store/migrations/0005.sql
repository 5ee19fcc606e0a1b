-- Accounts that are one person's: the id of the account that the others are
-- published as, '' if it is this one.
ALTER TABLE people ADD COLUMN same TEXT NOT NULL DEFAULT '';
CREATE INDEX people_same ON people (same) WHERE same <> '';

-- Codes with which an account is linked to another: a hash, and how long it
-- holds; and how often someone tried codes that were none, since when.
CREATE TABLE link_codes (
	person TEXT PRIMARY KEY,
	hash   TEXT NOT NULL DEFAULT '',
	until  BIGINT NOT NULL DEFAULT 0,
	tries  BIGINT NOT NULL DEFAULT 0,
	since  BIGINT NOT NULL DEFAULT 0
);
