-- The runs in each state that has not ended, in the order of the list: runs that are held or running are not looked for
-- among many that wait, and what needs attention needs no index of its own.
CREATE INDEX runs_unfinished ON runs (state, receipt) WHERE state IN ('needs_attention', 'running', 'waiting', 'held');
DROP INDEX runs_open, runs_undecided;
