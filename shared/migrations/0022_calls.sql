-- Whom a run is about to call, and for which workflow, so that each target and each workflow is taken from its own front:
-- calls that wait for a silent target are not read past to find those of another. Older versions write no such rows.
ALTER TABLE spool ADD COLUMN target text, ADD COLUMN workflow bigint;
CREATE INDEX spool_calls ON spool (workflow, target, due_at) WHERE lane = 6;
