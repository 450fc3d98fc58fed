-- Multiplies what was posted: each copy of a receipt, with all that belongs to it, lies 12.288 s before the one before it,
-- and each copy of a record has an id of its own. NUMBER is how many copies there are; of records there are a quarter as
-- many.
SET statement_timeout = 0;
SET synchronous_commit = off;

CREATE FUNCTION bench_earlier(receipt uuid, copy int) RETURNS uuid LANGUAGE sql IMMUTABLE RETURN
    overlay(receipt::text PLACING substr(overlay(lpad(to_hex(
        ('x' || replace(substr(receipt::text, 1, 13), '-', ''))::bit(48)::bigint - copy * 12288), 12, '0')
        PLACING '-' FROM 9 FOR 0), 1, 13) FROM 1 FOR 13)::uuid;

CREATE PROCEDURE bench_multiply(rows_of regclass, copies int, key text, value text) LANGUAGE plpgsql AS $$
DECLARE columns text; expressions text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', '), string_agg(CASE WHEN attname = key THEN value ELSE quote_ident(attname) END, ', ')
    INTO columns, expressions FROM pg_attribute
    WHERE attrelid = rows_of AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM %s, generate_series(1, %s) AS copy',
        rows_of, columns, expressions, rows_of, copies);
END $$;

UPDATE records SET unique_key = NULL;
CALL bench_multiply('receipts', NUMBER, 'id', 'bench_earlier(id, copy)');
CALL bench_multiply('runs', NUMBER, 'receipt', 'bench_earlier(receipt, copy)');
-- 12.288 s are 12 moments: what shares a row has a copy that shares one.
INSERT INTO search_keys (receipt, hash, others)
SELECT bench_earlier(receipt, copy), hash, (SELECT array_agg(bench_earlier(o, copy) ORDER BY o DESC) FROM unnest(others) AS o)
FROM search_keys, generate_series(1, NUMBER) AS copy;
CALL bench_multiply('records', NUMBER / 4, 'id', '1000000000 + id * 100000 + copy');
CALL bench_multiply('record_keys', NUMBER / 4, 'record', '1000000000 + record * 100000 + copy');
