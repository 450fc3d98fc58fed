-- A database role per process (`postern migrate --roles`) gets the rights that its statements need, and no more. What
-- would need too wide a right is done here by functions and a view of the owner of the tables.

-- The roles that were made, so that later migrations give them the rights of what is new.
CREATE TABLE process_roles (
    process text PRIMARY KEY CHECK (process IN ('ingress', 'worker', 'control')),
    role    text NOT NULL
);

-- Partitions belong to the owner of their table, so only it can make them.
ALTER FUNCTION postern_make_partitions(integer) SECURITY DEFINER;

-- Writes a row as long as a submission into the spool and removes it again: what is committed then proves that the spool
-- takes writes. With this function ingress need not be able to remove rows. The row cannot be compressed, so it needs a page of its
-- own; its number is that of the session, below those of all messages.
CREATE FUNCTION postern_try_spool(lane smallint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    BEGIN ATOMIC
        INSERT INTO spool (id, lane, kind, body, attempt, due_at) OVERRIDING SYSTEM VALUE
        SELECT -pg_backend_pid(), lane, 'probe', decode(string_agg(md5(random()::text), ''), 'hex'), 0, 'infinity'
        FROM generate_series(1, 512);
        DELETE FROM spool WHERE id = -pg_backend_pid();
    END;

-- What a `stop` step says, of one version of a workflow: all that a caller may read of workflows.
CREATE FUNCTION postern_stop_message(workflow bigint, version integer, step text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    BEGIN ATOMIC
        SELECT (document #> ARRAY['steps', $3, 'message'])::text FROM workflow_versions v
        WHERE v.workflow = $1 AND v.version = $2 AND document #> ARRAY['steps', $3, 'stop'] IS NOT NULL;
    END;

-- The names of a submission whose values were altered: all that a caller may read of its request.
CREATE FUNCTION postern_altered(receipt uuid) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    BEGIN ATOMIC
        SELECT (request -> 'altered')::text FROM receipts WHERE id = $1;
    END;
REVOKE ALL ON FUNCTION postern_make_partitions(integer), postern_partition_as_runs(text), postern_try_spool(smallint),
    postern_stop_message(bigint, integer, text), postern_altered(uuid) FROM PUBLIC;

-- Tables of the caller come last, so that none of them stands in for one of Postern.
DO $$
DECLARE
    function regprocedure;
BEGIN
    FOREACH function IN ARRAY ARRAY['postern_make_partitions(integer)', 'postern_try_spool(smallint)',
        'postern_stop_message(bigint, integer, text)', 'postern_altered(uuid)']::regprocedure[]
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', function, current_schema());
    END LOOP;
END
$$;

-- Of the audit log, what a caller may read: which dead letters people discarded.
CREATE VIEW discarded_letters WITH (security_barrier) AS
SELECT id, key, document ->> 'permission' AS permission, document ->> 'reason' AS reason FROM audit_log
WHERE kind = 'dead_letter' AND action = 'discard';
