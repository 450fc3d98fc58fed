-- Every message that is not in the broker, and when it is due there.
CREATE TABLE spool (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind     text NOT NULL,
    body     bytea NOT NULL,
    -- How often the work of the message has been tried.
    attempt  integer NOT NULL,
    -- How often the row has been taken: the fence of its lease.
    lease    integer NOT NULL DEFAULT 0,
    due_at   timestamptz NOT NULL,
    -- The lane of each message (`shared/src/lane.rs`), so that each is taken from its own front: what waits in one is not
    -- read past to find what is due in another.
    lane     smallint NOT NULL DEFAULT 0,
    -- Calls are taken by workflow and target, each pair from its own front: calls that wait for a silent target are not
    -- read past to find those of another. Runs that go on are taken by workflow as well, and those of a receipt with many
    -- runs apart from the others.
    target   text DEFAULT 'few',
    workflow bigint DEFAULT 0
);
CREATE INDEX spool_lane ON spool (lane, due_at);
CREATE INDEX spool_pairs ON spool (lane, workflow, target, due_at) WHERE lane IN (1, 6);
-- Every message passes through the spool where there is no broker: rows that live for milliseconds. What they leave
-- behind stands at the front of the index by which the next ones are found, so it goes after as many rows, whatever the
-- size of the table, and without pauses: the table is small.
ALTER TABLE spool SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_cost_delay = 0
);

-- What nobody could run, with the reason. bytea: the body may be anything.
CREATE TABLE dead_letters (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    receipt    uuid,
    kind       text NOT NULL,
    body       bytea NOT NULL,
    reason     text NOT NULL,
    attempt    integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- Who let it in and what it asks to run, as far as its body says, and the group of those that are alike: a person
    -- decides about a group, not about ten thousand letters.
    permission text,
    target     text,
    group_id   text NOT NULL GENERATED ALWAYS AS
        (left(md5(kind || E'\n' || coalesce(target, '') || E'\n' || reason), 12)) STORED
);
CREATE INDEX dead_letters_receipt ON dead_letters (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX dead_letters_group ON dead_letters (group_id, id);

-- The one home of what may happen only once. The row that is there decides; its key is hashed, since an index row
-- cannot hold a long one.
CREATE TABLE claims (
    scope      text NOT NULL,
    key        bytea NOT NULL,
    receipt    uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    -- The number of the run that holds it among those of the receipt; 0: the receipt itself holds it.
    run        smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (scope, key)
);
CREATE INDEX claims_expires_at ON claims (expires_at);

-- The numbers that each ingress gives to what it accepts, so that one that never arrives is missed: those that it has
-- answered with 202, by the hour of their receipts, and those that a worker has claimed or put with the dead letters.
CREATE TABLE answered (
    instance bigint NOT NULL,
    -- Hours since 1970 (UTC).
    hour     bigint NOT NULL,
    numbers  int8multirange NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE arrived (
    instance bigint NOT NULL,
    numbers  int8multirange NOT NULL,
    -- How long the oldest of them was on its way.
    lag      interval NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

-- What callers get that wait, kept for some minutes.
CREATE TABLE responses (
    receipt      uuid PRIMARY KEY,
    status       integer NOT NULL,
    -- Empty where there is no body.
    content_type text NOT NULL,
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX responses_created_at ON responses (created_at);
