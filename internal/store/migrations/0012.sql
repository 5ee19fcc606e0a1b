-- How often what is told of a discussion's annotations without their words
-- changed otherwise than by a new one; and how many of them are neither deleted
-- nor hidden. What row 0, which is no discussion's, counts as changes counts for all.
ALTER TABLE said ADD COLUMN changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE said ADD COLUMN standing BIGINT NOT NULL DEFAULT 0;
UPDATE said SET standing = (SELECT COUNT(*) FROM annotations a WHERE a.discussion = said.discussion AND a.deleted = 0 AND a.hidden = 0);
