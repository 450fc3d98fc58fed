-- The runs that failed alike, by the hour (UTC) of their receipts: see `shared/src/store/failure_groups.rs`.
CREATE TABLE failure_groups (
    workflow   bigint NOT NULL,
    hour       timestamptz NOT NULL,
    version    integer NOT NULL,
    -- The step at which they failed, and the code of why; empty = none was kept.
    step       text NOT NULL,
    failure    text NOT NULL,
    -- Without those that a later run replays.
    count      bigint NOT NULL,
    -- The newest run that came into the group.
    newest     uuid NOT NULL,
    newest_run smallint NOT NULL,
    PRIMARY KEY (workflow, hour, version, step, failure)
);
-- Rows of the present hour are updated again and again.
ALTER TABLE failure_groups SET (fillfactor = 70);

-- The changes of a transaction.
ALTER TABLE digest_queue ADD COLUMN failures json;

-- Those that failed before.
INSERT INTO failure_groups (workflow, hour, version, step, failure, count, newest, newest_run)
SELECT workflow, date_trunc('hour', to_timestamp(postern_day(receipt) * 86400), 'UTC'), version, coalesce(failed_at, ''),
    coalesce(failure, ''), count(*), (array_agg(receipt ORDER BY receipt DESC, number DESC))[1],
    (array_agg(number ORDER BY receipt DESC, number DESC))[1]
FROM runs WHERE state = 'failed' AND replaced_by IS NULL GROUP BY 1, 2, 3, 4, 5;
