-- The history. Partitioned by the UUID v7 of the receipt itself: its first 48 bits are a time.
-- A receipt is inserted once, complete. The columns that are fixed in length come first, the long ones before the short
-- ones, so that no bytes are lost between them; what most receipts lack is null, which takes no bytes.
CREATE TABLE receipts (
    id               uuid NOT NULL PRIMARY KEY,
    accepted_at      timestamptz NOT NULL,
    settings_version bigint NOT NULL,
    -- What was to run: this workflow, or those that listen to the trigger.
    workflow         bigint,
    record           bigint,
    -- The receipt that had the same dedupe key first.
    duplicate_of     uuid,
    -- How many runs the transaction of the receipt started. Later transactions start further runs: see run_counters.
    runs             smallint NOT NULL DEFAULT 0,
    -- What made the receipt (`Source` in `shared/src/store/receipts.rs`).
    source           smallint NOT NULL DEFAULT 0,
    unmatched        boolean NOT NULL DEFAULT false,
    -- Whether the caller waits for a response.
    waits            boolean NOT NULL DEFAULT false,
    permission       text NOT NULL,
    trigger          text,
    -- The address of the caller, if $request holds nothing but this address and the time of the receipt.
    ip               inet,
    env              json NOT NULL,
    query            json,
    request          json,
    -- The workflows that were meant and did not run, with the reason of each.
    skipped          json,
    -- Names that were posted and nothing read, and names that were read and nobody posted: lists of texts.
    unread           json,
    unposted         json,
    dropped_files    json,
    CHECK ((workflow IS NULL) <> (trigger IS NULL)),
    CHECK ((ip IS NULL) <> (request IS NULL))
) PARTITION BY RANGE (id);
-- A submission that started nothing is found without a look at those that did.
CREATE INDEX receipts_unmatched ON receipts (id) WHERE unmatched;

-- The states of runs in the order of their urgency: the states that need a person come first.
CREATE TYPE run_state AS ENUM ('needs_attention', 'failed', 'running', 'waiting', 'held', 'finished');

-- The columns that are fixed in length come first, the long ones before the short ones: no bytes are lost between them.
CREATE TABLE runs (
    receipt     uuid NOT NULL,
    workflow    bigint NOT NULL,
    record      bigint,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz,
    version     integer NOT NULL,
    state       run_state NOT NULL,
    -- The step counter: the fence of every later write of this run.
    steps_taken integer NOT NULL,
    -- The place of the run among those that the same step started, from 1.
    item        integer,
    -- The place of this step on the path of its run, from 1.
    parent_step integer,
    -- The number of the run among the runs of its receipt, from 1.
    number      smallint NOT NULL,
    -- The run whose step started this one.
    parent      smallint,
    -- Of a replay: the run that was replayed first.
    replays     smallint,
    -- The replay that goes on in the place of this run.
    replaced_by smallint,
    message     text,
    -- The steps of the transaction that wrote the run first; see `shared/src/store/run_steps.rs`.
    steps       bytea,
    PRIMARY KEY (receipt, number)
) PARTITION BY RANGE (receipt);
-- How many runs failed lately stands beside every page: it must not read the runs that did not fail.
CREATE INDEX runs_failed ON runs (receipt) WHERE state IN ('failed', 'needs_attention');
-- Runs that need attention are few and looked for with every first screen, among those that failed long ago.
CREATE INDEX runs_undecided ON runs (receipt) WHERE state = 'needs_attention';

-- The steps of one run in each of its further transactions, with the place of the first of these steps.
CREATE TABLE run_steps (
    receipt uuid NOT NULL,
    first   integer NOT NULL,
    run     smallint NOT NULL,
    steps   bytea NOT NULL,
    PRIMARY KEY (receipt, run, first)
) PARTITION BY RANGE (receipt);

-- The last number of the runs of a receipt whose runs, or persons, have started further runs.
CREATE TABLE run_counters (
    receipt uuid PRIMARY KEY,
    last    smallint NOT NULL
) PARTITION BY RANGE (receipt);

-- A run that has left its transaction needs this to go on, and a failed run to be replayed. A finished run has none.
CREATE TABLE checkpoints (
    receipt        uuid NOT NULL,
    workflow       bigint NOT NULL,
    record         bigint,
    -- Raised by every write: the fence. The step counter of a run stands still while it waits or is woken.
    revision       integer NOT NULL DEFAULT 1,
    run            smallint NOT NULL,
    -- Another run of its workflow is on its record, and they do not run in parallel.
    waits_for_turn boolean NOT NULL DEFAULT false,
    -- json, not jsonb: $env keeps its order and its digits.
    document       json NOT NULL,
    -- What a person decided about a step whose outcome is unknown.
    decision       text CHECK (decision IN ('done', 'repeat', 'fail')),
    -- Before the gate of its workflow (closed), let through it and under way (passed), or neither.
    gate           text CHECK (gate IN ('closed', 'passed')),
    PRIMARY KEY (receipt, run)
) PARTITION BY RANGE (receipt);
CREATE INDEX checkpoints_turn ON checkpoints (workflow, record, receipt, run) WHERE waits_for_turn;
CREATE INDEX checkpoints_closed ON checkpoints (workflow, receipt, run) WHERE gate = 'closed';
CREATE INDEX checkpoints_passed ON checkpoints (workflow) WHERE gate = 'passed';

-- The ledger of calls of other systems: the intent is committed before a call, the outcome with the run's progress.
CREATE TABLE outside_calls (
    receipt   uuid NOT NULL,
    intent_at timestamptz NOT NULL DEFAULT now(),
    done_at   timestamptz,
    -- The place of the try on the run's path.
    step      integer NOT NULL,
    run       smallint NOT NULL,
    PRIMARY KEY (receipt, run, step)
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
