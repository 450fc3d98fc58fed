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

-- As before, but of every table that is partitioned, so that a later one need not be named here.
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
        FOR parent IN SELECT relname FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid
            WHERE relnamespace = current_schema()::regnamespace ORDER BY partrelid
        LOOP
            part := parent || '_' || to_char(monday AT TIME ZONE 'UTC', 'YYYYMMDD');
            IF to_regclass(part) IS NULL THEN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent,
                    postern_uuid_floor(monday), postern_uuid_floor(monday + interval '1 week'));
            END IF;
        END LOOP;
    END LOOP;
END
$$;

-- Gives a new table a partition for every week that the runs have: some are older than those made from now on.
CREATE FUNCTION postern_partition_as_runs(parent text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    week   text;
    monday timestamptz;
BEGIN
    FOR week IN SELECT right(inhrelid::regclass::text, 8) FROM pg_inherits WHERE inhparent = 'runs'::regclass LOOP
        monday := to_date(week, 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC';
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', parent || '_' || week, parent,
            postern_uuid_floor(monday), postern_uuid_floor(monday + interval '1 week'));
    END LOOP;
END
$$;
SELECT postern_partition_as_runs('checkpoints');
SELECT postern_make_partitions(4);
