-- What is kept for a number of days only is looked for from the oldest on.
CREATE INDEX annotations_created ON annotations (created) WHERE deleted = 0;
