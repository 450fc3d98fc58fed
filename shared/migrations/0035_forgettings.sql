-- The persons that were forgotten: who asked and when, and how many values of each kind were blanked. Of the person there
-- are only keyed hashes, by which workers know the person in what arrives later.
CREATE TABLE forgettings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    -- When all places had been looked through; null: not yet.
    finished_at timestamptz,
    account     text NOT NULL,
    -- A list of hashes for each text that named the person (`shared/src/person.rs`).
    named       jsonb NOT NULL,
    -- The number of rows of each place.
    found       jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX forgettings_at ON forgettings (at);
