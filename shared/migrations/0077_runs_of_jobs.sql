-- oldest-reader: 57
-- concurrently
-- Counts what became of the runs that a job has started.
CREATE INDEX CONCURRENTLY runs_of_job ON runs (job, state) WHERE job IS NOT NULL;
