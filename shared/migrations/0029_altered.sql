-- The names of a submission whose values were altered: all that a caller may read of its request.
CREATE FUNCTION postern_altered(receipt uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    BEGIN ATOMIC
        SELECT (request -> 'altered')::text FROM receipts WHERE id = $1;
    END;
REVOKE ALL ON FUNCTION postern_altered(uuid) FROM PUBLIC;

-- Tables of the caller come last, so that none of them stands in for one of Postern.
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION postern_altered(uuid) SET search_path = %I, pg_temp', current_schema());
END
$$;
