-- oldest-reader: 57
-- Receipts of one moment that have the same search key share its row. A control panel of the version before finds only the
-- newest of them by that key, and removes the row with it.
ALTER TABLE search_keys
    -- Those beside `receipt`, the newest first, each older than `receipt`. Null: there are none.
    ADD COLUMN others uuid[];

-- As before; the receipts that stay have rows of their own, since those with which they shared one go.
CREATE OR REPLACE FUNCTION postern_retire(parent text, week text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    AS $$
DECLARE
    older text := parent || '_older';
    least uuid;
    above uuid;
    key   text;
    stays text;
    rows_of text;
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
    rows_of := CASE parent WHEN 'search_keys' THEN format(
            '(SELECT receipt, hash, others FROM %1$I WHERE others IS NULL UNION ALL
                SELECT one, hash, NULL FROM %1$I, unnest(receipt || others) AS one WHERE others IS NOT NULL) AS alone', week)
        ELSE format('%I', week) END;
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, week);
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', parent, older);
    PERFORM set_config('postern.retires', 'on', true);
    EXECUTE format('INSERT INTO %I SELECT * FROM %s WHERE %I IN (
            SELECT receipt FROM %I WHERE receipt >= %L AND receipt < %L AND %s)',
        older, rows_of, key, CASE parent WHEN 'runs' THEN week ELSE 'runs' END, least, above, stays);
    GET DIAGNOSTICS moved = ROW_COUNT;
    PERFORM set_config('postern.retires', 'off', true);
    EXECUTE format('DROP TABLE %I', week);
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', parent, older, above);
    RETURN moved;
END
$$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION postern_retire(text, text) SET search_path = %I, pg_temp', current_schema());
END
$$;
ALTER FUNCTION postern_retire(text, text) SET lock_timeout = '1s';
