-- What is digested besides: refused bodies and dead letters that were kept, and which records the runs of which receipts
-- have touched: two lists of the same length.
ALTER TABLE digest_queue
    ADD COLUMN refused_bodies bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN dead_letters bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN touching uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN touched bigint[] NOT NULL DEFAULT '{}';

-- By which texts a refused body is found, as far as it can be read. They go with it.
CREATE TABLE refused_body_keys (
    refused_body bigint NOT NULL REFERENCES refused_bodies ON DELETE CASCADE,
    hash         bigint NOT NULL
);
CREATE INDEX refused_body_keys_hash ON refused_body_keys (hash, refused_body);
CREATE INDEX refused_body_keys_refused_body ON refused_body_keys (refused_body);

-- The same of dead letters.
CREATE TABLE dead_letter_keys (
    dead_letter bigint NOT NULL REFERENCES dead_letters ON DELETE CASCADE,
    hash        bigint NOT NULL
);
CREATE INDEX dead_letter_keys_hash ON dead_letter_keys (hash, dead_letter);
CREATE INDEX dead_letter_keys_dead_letter ON dead_letter_keys (dead_letter);

-- Those that are there already, a hundred in a row.
INSERT INTO digest_queue (receipts, records, refused_bodies)
SELECT '{}', '{}', array_agg(id) FROM refused_bodies GROUP BY id / 100;
INSERT INTO digest_queue (receipts, records, dead_letters)
SELECT '{}', '{}', array_agg(id) FROM dead_letters GROUP BY id / 100;
