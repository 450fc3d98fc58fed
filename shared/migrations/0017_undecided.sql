-- Runs that need attention are few and looked for with every first screen, among those that failed long ago.
CREATE INDEX runs_undecided ON runs (receipt) WHERE state = 'needs_attention';
