-- What a comment that quotes the essay or post quotes of it: JSON, '' if nothing.
ALTER TABLE documents ADD COLUMN target TEXT NOT NULL DEFAULT '';
