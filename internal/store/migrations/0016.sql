-- Whom an annotation named before it was edited: where an edit is a message of its
-- own, the mirrors' older versions name them still.
CREATE TABLE once_named (
	name  TEXT NOT NULL, -- as networks call who is mentioned
	thing BIGINT NOT NULL,
	PRIMARY KEY (name, thing)
);
CREATE INDEX once_named_thing ON once_named (thing);
