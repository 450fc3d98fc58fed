-- The life of the history. Each partitioned table has a partition for each week, and below all of them one for what is
-- older (`runs_older`). What is not finished when its week goes moves there, so that one run that waits holds nothing else.

-- The runs that have not ended are few, and looked for when their week goes.
CREATE INDEX runs_open ON runs (receipt) WHERE state IN ('needs_attention', 'running', 'waiting', 'held');

-- The partitions of a table by weeks, each with its bounds; without the one for what is older.
CREATE FUNCTION postern_weeks(parent text) RETURNS TABLE (part text, low uuid, high uuid)
    LANGUAGE sql STABLE
    AS $$
    SELECT relname::text, bounds[1]::uuid, bounds[2]::uuid FROM (
        SELECT c.relname,
            regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''([0-9a-f-]+)''\) TO \(''([0-9a-f-]+)''\)') AS bounds
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = parent::regclass
    ) p WHERE bounds IS NOT NULL
$$;

-- What all receipts of the partition for what is older lie below; null: there is no such partition yet.
CREATE FUNCTION postern_older_than(parent text) RETURNS uuid
    LANGUAGE sql STABLE
    AS $$
    SELECT (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(MINVALUE\) TO \(''([0-9a-f-]+)''\)'))[1]::uuid
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = parent::regclass AND c.relname = parent || '_older'
$$;

-- A submission of a time below all weeks becomes a dead letter: what is older is only for receipts that outlive their week.
CREATE FUNCTION postern_refuse_older() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF current_setting('postern.retires', true) = 'on' THEN
        RETURN NEW;
    END IF;
    RAISE check_violation USING MESSAGE = 'the history begins after the time of this receipt';
END
$$;

-- Makes a partition as a table of its own and attaches it, which takes no lock that a reader or a writer waits for.
CREATE FUNCTION postern_attach(parent text, part text, low uuid, high uuid) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%L)', parent, part,
        coalesce(quote_literal(low), 'MINVALUE'), high);
    IF part = 'receipts_older' THEN
        CREATE TRIGGER receipts_older BEFORE INSERT ON receipts_older
            FOR EACH ROW EXECUTE FUNCTION postern_refuse_older();
    END IF;
END
$$;

-- Makes the weekly partitions of every partitioned table from the week before `present` to `weeks` weeks ahead, and those
-- for what is older.
CREATE FUNCTION postern_make_partitions(weeks integer, present timestamptz) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    parent text;
    part   text;
    monday timestamptz;
    older  uuid;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('postern_make_partitions'));
    FOR parent IN SELECT relname FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid
        WHERE relnamespace = current_schema()::regnamespace ORDER BY partrelid
    LOOP
        FOR n IN -1 .. weeks LOOP
            monday := (date_trunc('week', present AT TIME ZONE 'UTC') + n * interval '1 week') AT TIME ZONE 'UTC';
            part := parent || '_' || to_char(monday AT TIME ZONE 'UTC', 'YYYYMMDD');
            older := postern_older_than(parent);
            IF to_regclass(part) IS NULL AND (older IS NULL OR older <= postern_uuid_floor(monday)) THEN
                PERFORM postern_attach(parent, part, postern_uuid_floor(monday),
                    postern_uuid_floor(monday + interval '1 week'));
            END IF;
        END LOOP;
        IF postern_older_than(parent) IS NULL THEN
            PERFORM postern_attach(parent, parent || '_older', NULL,
                (SELECT low FROM postern_weeks(parent) ORDER BY low LIMIT 1));
        END IF;
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION postern_make_partitions(weeks integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    AS $$ SELECT postern_make_partitions(weeks, now()) $$;

-- Gives a new table the same partitions as the runs have.
CREATE OR REPLACE FUNCTION postern_partition_as_runs(parent text) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    week record;
BEGIN
    FOR week IN SELECT right(part, 8) AS monday, low, high FROM postern_weeks('runs') LOOP
        PERFORM postern_attach(parent, parent || '_' || week.monday, week.low, week.high);
    END LOOP;
    PERFORM postern_attach(parent, parent || '_older', NULL, postern_older_than('runs'));
END
$$;

-- Removes the oldest week of a table. The rows of receipts with runs that have not ended move to the partition for what is
-- older, which from then on takes all receipts of that week. All of it is one transaction, since a run must be found at
-- every moment: so it needs the lock that everybody waits for, for milliseconds, and gives up where it has to wait for it
-- longer than `lock_timeout`. Returns how many rows moved. The runs of a week go before the rows of other tables: then
-- the receipts that stay are those of which runs are there.
CREATE FUNCTION postern_retire(parent text, week text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
DECLARE
    older text := parent || '_older';
    least uuid;
    above uuid;
    key   text;
    stays text;
    moved bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('postern_make_partitions'));
    IF to_regclass(week) IS NULL THEN
        RETURN 0;
    END IF;
    SELECT low, high INTO least, above FROM (
        SELECT w.*, row_number() OVER (ORDER BY w.low) AS place, count(*) OVER () AS weeks FROM postern_weeks(parent) w
    ) all_weeks WHERE part = week AND place = 1 AND weeks > 2;
    IF least IS NULL THEN
        RAISE EXCEPTION '% is not the oldest week of %, or one of its last two', week, parent;
    END IF;
    SELECT attname INTO key FROM pg_partitioned_table JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
    WHERE partrelid = parent::regclass;
    stays := CASE WHEN postern_older_than('runs') >= above THEN 'true'
        ELSE $open$state IN ('needs_attention', 'running', 'waiting', 'held')$open$ END;
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, week);
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, older);
    PERFORM set_config('postern.retires', 'on', true);
    EXECUTE format('INSERT INTO %I SELECT * FROM %I WHERE %I IN (
            SELECT receipt FROM %I WHERE receipt >= %L AND receipt < %L AND %s)',
        older, week, key, CASE parent WHEN 'runs' THEN week ELSE 'runs' END, least, above, stays);
    GET DIAGNOSTICS moved = ROW_COUNT;
    PERFORM set_config('postern.retires', 'off', true);
    EXECUTE format('DROP TABLE %I', week);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', parent, older, above);
    RETURN moved;
END
$$;
-- Removes receipts that outlived their week, with everything of them, when all of their runs have ended before a moment: at
-- most `at_most` at a time. Returns how many.
CREATE FUNCTION postern_reap(ended_before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
DECLARE
    ended  uuid[];
    parent record;
BEGIN
    SELECT array_agg(id) INTO ended FROM (
        SELECT id FROM receipts WHERE id < postern_older_than('receipts') AND NOT EXISTS (
            SELECT FROM runs WHERE receipt = id
                AND (state NOT IN ('finished', 'failed') OR ended_at IS NULL OR ended_at >= ended_before))
        ORDER BY id LIMIT at_most) r;
    -- A person may replay one of them at this moment.
    PERFORM FROM runs WHERE receipt = ANY (ended) FOR UPDATE;
    SELECT array_agg(id) INTO ended FROM unnest(ended) AS id
    WHERE NOT EXISTS (SELECT FROM runs WHERE receipt = id AND state NOT IN ('finished', 'failed'));
    FOR parent IN SELECT relname, attname FROM pg_partitioned_table JOIN pg_class ON pg_class.oid = partrelid
        JOIN pg_attribute ON attrelid = partrelid AND attnum = partattrs[0]
        WHERE relnamespace = current_schema()::regnamespace ORDER BY partrelid
    LOOP
        EXECUTE format('DELETE FROM %I WHERE %I = ANY ($1)', parent.relname || '_older', parent.attname) USING ended;
    END LOOP;
    RETURN coalesce(cardinality(ended), 0);
END
$$;

-- Removes steps that outlived their week when their run has ended before a moment. Returns how many rows.
CREATE FUNCTION postern_reap_steps(ended_before timestamptz, at_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
DECLARE
    removed bigint;
BEGIN
    DELETE FROM run_steps_older WHERE (receipt, run, first) IN (
        SELECT receipt, run, first FROM run_steps_older s WHERE EXISTS (
            SELECT FROM runs r WHERE r.receipt = s.receipt AND r.number = s.run
                AND r.state IN ('finished', 'failed') AND r.ended_at < ended_before)
        LIMIT at_most);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;
REVOKE ALL ON FUNCTION postern_attach(text, text, uuid, uuid), postern_make_partitions(integer, timestamptz),
    postern_retire(text, text), postern_reap(timestamptz, integer), postern_reap_steps(timestamptz, integer) FROM PUBLIC;

DO $$
DECLARE
    function regprocedure;
BEGIN
    FOREACH function IN ARRAY ARRAY['postern_make_partitions(integer)', 'postern_retire(text, text)',
        'postern_reap(timestamptz, integer)', 'postern_reap_steps(timestamptz, integer)']::regprocedure[]
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', function, current_schema());
        EXECUTE format('ALTER FUNCTION %s SET lock_timeout = %L', function, '1s');
    END LOOP;
END
$$;
SELECT postern_make_partitions(4);

-- The days from 1970 to the time of a UUID v7.
CREATE FUNCTION postern_day(id uuid) RETURNS float8
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ('x' || lpad(left(replace(id::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 86400000.0::float8 $$;
