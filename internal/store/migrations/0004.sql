-- What was attached to a remark: JSON, '' if nothing.
ALTER TABLE annotations ADD COLUMN files TEXT NOT NULL DEFAULT '';
