-- The history. Partitioned by the UUID v7 of the receipt itself: its first 48 bits are a time.
CREATE TABLE receipts (
    id               uuid NOT NULL PRIMARY KEY,
    permission       text NOT NULL,
    target           json NOT NULL,
    record           bigint,
    env              json NOT NULL,
    query            json NOT NULL,
    request          json NOT NULL,
    accepted_at      timestamptz NOT NULL,
    settings_version bigint NOT NULL,
    -- The workflows that were meant and did not run, with the reason of each.
    skipped          json NOT NULL,
    -- The receipt that had the same dedupe key first.
    duplicate_of     uuid,
    -- Names that were posted and nothing read, and names that were read and nobody posted: lists of texts.
    unread           json NOT NULL DEFAULT '[]',
    unposted         json NOT NULL DEFAULT '[]',
    unmatched        boolean NOT NULL DEFAULT false,
    dropped_files    json NOT NULL DEFAULT '[]',
    -- How many runs the receipt has started: the place of the last of them.
    places           integer NOT NULL DEFAULT 0,
    -- Whether the caller waits for a response.
    waits            boolean NOT NULL DEFAULT false
) PARTITION BY RANGE (id);
-- A submission that started nothing is found without a look at those that did.
CREATE INDEX receipts_unmatched ON receipts (id) WHERE unmatched;

CREATE TABLE runs (
    receipt    uuid NOT NULL,
    workflow   bigint NOT NULL,
    -- Empty for the first run of a submission; later: the parent run, or the number of the replay.
    origin     text NOT NULL DEFAULT '',
    version    integer NOT NULL,
    -- Its place among the runs that the receipt started, from 1.
    place      integer NOT NULL,
    state      text NOT NULL CHECK (state IN ('running', 'waiting', 'held', 'needs_attention', 'finished', 'failed')),
    -- The step counter: the fence of every later write of this run.
    steps      integer NOT NULL,
    record     bigint,
    message    text,
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (receipt, workflow, origin)
) PARTITION BY RANGE (receipt);
-- How many runs failed lately stands beside every page: it must not read those that did not.
CREATE INDEX runs_failed ON runs (receipt) WHERE state IN ('failed', 'needs_attention');
-- Runs that need attention are few and looked for with every first screen, among those that failed long ago.
CREATE INDEX runs_undecided ON runs (receipt) WHERE state = 'needs_attention';

CREATE TABLE run_log (
    receipt  uuid NOT NULL,
    workflow bigint NOT NULL,
    origin   text NOT NULL DEFAULT '',
    number   integer NOT NULL,
    step     text NOT NULL,
    task     text NOT NULL,
    output   text,
    message  text,
    at       timestamptz NOT NULL,
    -- Why the step failed, as a code with arguments (JSON). Such a step has no message: its text is made where it is shown.
    error    text,
    PRIMARY KEY (receipt, workflow, origin, number)
) PARTITION BY RANGE (receipt);

-- What a run needs to go on that has left its transaction, or that failed and may be replayed. Of runs that finished
-- there is none.
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
    -- What a person decided about a step whose outcome is unknown.
    decision       text CHECK (decision IN ('done', 'repeat', 'fail')),
    -- Before the gate of its workflow (closed), let through it and under way (passed), or neither.
    gate           text CHECK (gate IN ('closed', 'passed')),
    PRIMARY KEY (receipt, workflow, origin)
) PARTITION BY RANGE (receipt);
CREATE INDEX checkpoints_turn ON checkpoints (workflow, record, receipt) WHERE waits_for_turn;
CREATE INDEX checkpoints_closed ON checkpoints (workflow, receipt, origin) WHERE gate = 'closed';
CREATE INDEX checkpoints_passed ON checkpoints (workflow) WHERE gate = 'passed';

-- The ledger of calls of other systems: the intent is committed before a call, the outcome with the run's progress.
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

-- A dead letter whose receipt lies outside the history is replayed under a new receipt: each of the two is found by the
-- other. Not partitioned, since the old one has no partition.
CREATE TABLE replayed (
    old        uuid PRIMARY KEY,
    new        uuid NOT NULL UNIQUE,
    permission text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);

-- The lowest UUID v7 of a moment (RFC 9562, 5.7).
CREATE FUNCTION postern_uuid_floor(moment timestamptz) RETURNS uuid
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid $$;

-- Makes the weekly partitions of every partitioned table from last week to `weeks` weeks ahead. Any number of callers.
CREATE FUNCTION postern_make_partitions(weeks integer) RETURNS void
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
SELECT postern_make_partitions(4);
