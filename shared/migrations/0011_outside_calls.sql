-- The ledger of what reached outside: the intent is committed before a call, what came of it with the run's progress.
-- It lives with the runs, whose log may go earlier.
CREATE TABLE outside_calls (
    receipt   uuid NOT NULL,
    workflow  bigint NOT NULL,
    origin    text NOT NULL DEFAULT '',
    -- The place of the try on the run's path.
    number    integer NOT NULL,
    intent_at timestamptz NOT NULL DEFAULT now(),
    done_at   timestamptz,
    PRIMARY KEY (receipt, workflow, origin, number)
) PARTITION BY RANGE (receipt);

SELECT postern_partition_as_runs('outside_calls');

-- What a person decided about a step of which nobody knows what came of it.
ALTER TABLE checkpoints ADD COLUMN decision text CHECK (decision IN ('done', 'repeat', 'fail'));
