-- At which step a run failed, and the code of why: runs that failed alike are one group. Null while a run has not failed.
ALTER TABLE runs ADD COLUMN failed_at text, ADD COLUMN failure text;

-- Work on many runs that a person asked for. A worker does it at its rate; the row moves in the transaction of the work.
CREATE TABLE jobs (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- What is done with each run.
    kind       text NOT NULL CHECK (kind IN ('go_on', 'run_again', 'cancel')),
    -- Which runs (`shared/src/store/runs/filter.rs`), of those that there were when the job was created.
    filter     json NOT NULL,
    -- Runs per second.
    rate       double precision NOT NULL CHECK (rate > 0),
    state      text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'stopped')),
    account    text NOT NULL,
    -- The runs that there were, those for which it was done, and those for which it could not be done.
    total      bigint NOT NULL,
    done       bigint NOT NULL DEFAULT 0,
    failed     bigint NOT NULL DEFAULT 0,
    -- What was in the way of the last run for which it could not be done.
    obstacle   text,
    -- The last run that was looked at.
    receipt    uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    number     smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at   timestamptz,
    -- Until when the rate is used up.
    paced_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX jobs_running ON jobs (id) WHERE state = 'running';
