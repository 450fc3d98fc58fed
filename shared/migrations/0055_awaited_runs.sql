-- Runs that wait for the runs that they started.
ALTER TABLE checkpoints
    -- The run waits for runs that it started, or for a time, and for nothing else: the last of these runs wakes it.
    ADD COLUMN awaits boolean NOT NULL DEFAULT false,
    -- The run waits for its place among the runs of its step: a run of them that ends lets it begin.
    ADD COLUMN queued boolean NOT NULL DEFAULT false;

-- What a run leaves to the run that waits for it, which removes it when it has read it. Not partitioned, since it is
-- short-lived.
CREATE TABLE run_results (
    receipt  uuid NOT NULL,
    run      smallint NOT NULL,
    document json NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (receipt, run)
);
CREATE INDEX run_results_made_at ON run_results (made_at);
