-- oldest-reader: 57
-- A person wakes a run before its time, or many by a job. An earlier worker lets such a run wait on.
ALTER TABLE checkpoints DROP CONSTRAINT checkpoints_decision_check,
    ADD CONSTRAINT checkpoints_decision_check CHECK (decision IN ('done', 'repeat', 'fail', 'cancel', 'wake'));
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check,
    ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('go_on', 'run_again', 'cancel', 'dismiss', 'wake'));
