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

-- What a person decided about a step of which nobody knows what came of it.
ALTER TABLE checkpoints ADD COLUMN decision text CHECK (decision IN ('done', 'repeat', 'fail'));

-- As before, with the new table.
CREATE OR REPLACE FUNCTION postern_make_partitions(weeks integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    parent text;
    part   text;
    monday timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('postern_make_partitions'));
    FOR n IN -1 .. weeks LOOP
        monday := (date_trunc('week', now() AT TIME ZONE 'UTC') + n * interval '1 week') AT TIME ZONE 'UTC';
        FOREACH parent IN ARRAY ARRAY['receipts', 'runs', 'run_log', 'checkpoints', 'outside_calls'] LOOP
            part := parent || '_' || to_char(monday AT TIME ZONE 'UTC', 'YYYYMMDD');
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent,
                    postern_uuid_floor(monday), postern_uuid_floor(monday + interval '1 week'));
            END IF;
        END LOOP;
    END LOOP;
END
$$;
-- Last week's partitions may be older than this migration: every week that has receipts gets its partition.
DO $$
DECLARE
    week   text;
    monday timestamptz;
BEGIN
    FOR week IN SELECT right(inhrelid::regclass::text, 8) FROM pg_inherits WHERE inhparent = 'runs'::regclass LOOP
        monday := to_date(week, 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC';
        EXECUTE format('CREATE TABLE %I PARTITION OF outside_calls FOR VALUES FROM (%L) TO (%L)', 'outside_calls_' || week,
            postern_uuid_floor(monday), postern_uuid_floor(monday + interval '1 week'));
    END LOOP;
END
$$;
SELECT postern_make_partitions(4);
