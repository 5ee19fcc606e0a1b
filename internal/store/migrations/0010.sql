-- The messages by which people had a remark made, in a place.
CREATE INDEX copies_calls ON copies (place) WHERE mark = 'call';
