-- What was committed and not digested yet: a row per bundle, written in its transaction. Afterwards a worker makes search keys
-- of it, in small parts.
CREATE TABLE digest_queue (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    -- Receipts that were inserted, and records that were created, changed or deleted.
    receipts uuid[] NOT NULL,
    records  bigint[] NOT NULL
);
-- Its rows live for a moment, as those of the spool.
ALTER TABLE digest_queue SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_cost_delay = 0
);

-- The key of the hashes below: without it a copy of them tells nothing about what was posted.
CREATE TABLE search_secret (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    key      bytea NOT NULL CHECK (octet_length(key) = 32)
);
INSERT INTO search_secret (key)
SELECT decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex');

-- By which e-mails, phone numbers, names and ids a receipt is found: see `shared/src/search_key.rs`. They live as long as
-- the receipt.
CREATE TABLE search_keys (
    receipt uuid NOT NULL,
    hash    bigint NOT NULL
) PARTITION BY RANGE (receipt);
CREATE INDEX search_keys_hash ON search_keys (hash, receipt);
SELECT postern_partition_as_runs('search_keys');

-- The same of records.
CREATE TABLE record_keys (
    record bigint NOT NULL,
    hash   bigint NOT NULL
);
CREATE INDEX record_keys_hash ON record_keys (hash, record);
CREATE INDEX record_keys_record ON record_keys (record);
