-- oldest-reader: 57
-- Jobs that dismiss failed runs.
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check,
    ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('go_on', 'run_again', 'cancel', 'dismiss'));
