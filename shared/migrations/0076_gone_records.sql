-- oldest-reader: 57
-- Records of other systems: which are gone there, and those that calls of a person have touched.
ALTER TABLE connected_records
    -- When a run saw that the other system does not show it any more. Null: no run did, or one has touched it since.
    ADD COLUMN gone_at timestamptz,
    -- That of `search_keys`, for the receipts whose runs touched it. Null: nobody has touched it since there is this column.
    ADD COLUMN hash bigint;
CREATE INDEX connected_records_hash ON connected_records (hash);

-- Records of other systems that runs have found to be gone.
ALTER TABLE digest_queue ADD COLUMN gone_connected text[] NOT NULL DEFAULT '{}';

-- The records of other systems that calls of the person have touched: there somebody removes the person.
ALTER TABLE forgettings ADD COLUMN elsewhere text[] NOT NULL DEFAULT '{}';
