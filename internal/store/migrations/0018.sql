-- What the bot's messages that are gone were about, of those in main timelines:
-- whoever answered one before it went may be heard after it.
CREATE TABLE gone_messages (
	hash  TEXT PRIMARY KEY, -- of room and id
	thing BIGINT NOT NULL
);
