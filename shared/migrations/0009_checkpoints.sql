-- What a run needs to go on that has left its transaction, or that failed and may be replayed. Of runs that finished
-- there is none. Partitioned as the runs are.
CREATE TABLE checkpoints (
    receipt        uuid NOT NULL,
    workflow       bigint NOT NULL,
    origin         text NOT NULL DEFAULT '',
    -- Raised by every write: the fence. The step counter of a run stands still while it waits or is woken.
    revision       integer NOT NULL DEFAULT 1,
    -- json, not jsonb: $env keeps its order and its digits.
    document       json NOT NULL,
    record         bigint,
    -- Another run of its workflow is on its record, and they do not run in parallel.
    waits_for_turn boolean NOT NULL DEFAULT false,
    PRIMARY KEY (receipt, workflow, origin)
) PARTITION BY RANGE (receipt);
CREATE INDEX checkpoints_turn ON checkpoints (workflow, record, receipt) WHERE waits_for_turn;

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
        FOREACH parent IN ARRAY ARRAY['receipts', 'runs', 'run_log', 'checkpoints'] LOOP
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
        EXECUTE format('CREATE TABLE %I PARTITION OF checkpoints FOR VALUES FROM (%L) TO (%L)', 'checkpoints_' || week,
            postern_uuid_floor(monday), postern_uuid_floor(monday + interval '1 week'));
    END LOOP;
END
$$;
SELECT postern_make_partitions(4);
