-- Runs that go on are taken by workflow as well, each workflow from its own front, and those of a receipt with many runs
-- apart from the others. What an older version still writes has the defaults, and is found there.
ALTER TABLE spool ALTER COLUMN workflow SET DEFAULT 0, ALTER COLUMN target SET DEFAULT 'few';
UPDATE spool SET workflow = 0, target = 'few' WHERE lane = 1;
CREATE INDEX spool_pairs ON spool (lane, workflow, target, due_at) WHERE lane IN (1, 6);
DROP INDEX spool_calls;
