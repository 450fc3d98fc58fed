-- oldest-reader: 57
-- What control asks of a worker: to run a workflow in a transaction that is rolled back. A row lives for some seconds, until
-- control has its answer, so nothing of it is written ahead or kept after a crash.
CREATE UNLOGGED TABLE dry_runs (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asked_at timestamptz NOT NULL DEFAULT now(),
    taken    boolean NOT NULL DEFAULT false,
    request  text NOT NULL,
    answer   text
);
