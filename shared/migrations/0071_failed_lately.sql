-- oldest-reader: 57
-- concurrently
-- Finds the runs that failed lately, whenever their submissions came.
CREATE INDEX CONCURRENTLY runs_failed_lately ON runs (ended_at) WHERE state = 'failed' AND replaced_by IS NULL;
