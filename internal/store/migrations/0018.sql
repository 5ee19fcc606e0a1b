-- What messages that are gone were about, of those that nothing else tells of: whoever
-- answered one before it went may be heard after it.
CREATE TABLE gone_messages (
	hash    TEXT PRIMARY KEY, -- of room and id
	thing   BIGINT NOT NULL,  -- 0: what the message or thread is about that it follows
	follows TEXT NOT NULL     -- of which likewise only a hash is kept; '' once thing is known
)
WITHOUT ROWID -- only: sqlite
;
CREATE INDEX gone_messages_follows ON gone_messages (follows) WHERE follows <> '';
