-- The lane of each message (`shared/src/lane.rs`), so that each is taken from its own front: what waits in one is not
-- read past to find what is due in another. What an older version still writes has the default lane, and is found there.
ALTER TABLE spool ADD COLUMN lane smallint NOT NULL DEFAULT 0;
UPDATE spool SET lane = 1 WHERE kind = 'resume.v1';
CREATE INDEX spool_lane ON spool (lane, due_at);
DROP INDEX spool_due_at;
