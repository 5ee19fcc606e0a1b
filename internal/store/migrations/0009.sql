-- What a document's words and marks add up to, so that who has read them need
-- not read them again; 0: not known.
ALTER TABLE documents ADD COLUMN sum BIGINT NOT NULL DEFAULT 0;
