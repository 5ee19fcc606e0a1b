-- The passages that a plan passed without posting them, and what became of them.
CREATE TABLE skips (
	plan    TEXT NOT NULL,
	passage TEXT NOT NULL,
	state   TEXT NOT NULL, -- skipped, again, late
	PRIMARY KEY (plan, passage)
)
WITHOUT ROWID -- only: sqlite
;
