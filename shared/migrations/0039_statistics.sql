-- What the steps of a transaction did, counted: see `shared/src/store/statistics.rs`.
ALTER TABLE digest_queue ADD COLUMN steps json;

-- What the steps of workflows did in each hour (UTC). A step that was not left by an output has an empty one: the run ended
-- there, or the step was taken again later.
CREATE TABLE step_statistics (
    workflow  bigint NOT NULL,
    hour      timestamptz NOT NULL,
    version   integer NOT NULL,
    step      text NOT NULL,
    output    text NOT NULL,
    count     bigint NOT NULL,
    -- How many of these runs failed at the step.
    failures  bigint NOT NULL,
    -- How many of these took how long, by the bounds that `shared/src/store/statistics.rs` has.
    durations bigint[] NOT NULL,
    PRIMARY KEY (workflow, hour, version, step, output)
);
-- Rows of the present hour are updated again and again.
ALTER TABLE step_statistics SET (fillfactor = 70);
