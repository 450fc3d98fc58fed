-- A person cancels a run that has not ended: the worker that goes on with it ends it.
ALTER TABLE checkpoints DROP CONSTRAINT checkpoints_decision_check;
ALTER TABLE checkpoints ADD CONSTRAINT checkpoints_decision_check
    CHECK (decision IN ('done', 'repeat', 'fail', 'cancel'));
