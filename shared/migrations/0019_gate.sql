-- A run that is not begun while its workflow is on hold. What stands there fits: it fitted a narrower rule.
ALTER TABLE runs DROP CONSTRAINT runs_state_check;
ALTER TABLE runs ADD CONSTRAINT runs_state_check
    CHECK (state IN ('running', 'waiting', 'held', 'needs_attention', 'finished', 'failed')) NOT VALID;

-- Before the gate of its workflow (closed), let through it and under way (passed), or neither.
ALTER TABLE checkpoints ADD COLUMN gate text CHECK (gate IN ('closed', 'passed'));
CREATE INDEX checkpoints_closed ON checkpoints (workflow, receipt, origin) WHERE gate = 'closed';
CREATE INDEX checkpoints_passed ON checkpoints (workflow) WHERE gate = 'passed';
