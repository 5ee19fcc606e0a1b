-- What is counted and looked at of a thread stands in its index, and questions have
-- one of their own: for neither need the words of all that was said be read.
DROP INDEX annotations_under;
CREATE INDEX annotations_under ON annotations (under, ord, creator, answers, deleted, hidden);
CREATE INDEX annotations_asked ON annotations (discussion, ord) WHERE motivation = 'questioning';
