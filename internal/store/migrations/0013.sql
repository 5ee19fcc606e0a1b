-- The newest of a thread are found without reading all of it.
DROP INDEX annotations_under;
CREATE INDEX annotations_under ON annotations (under, ord);
