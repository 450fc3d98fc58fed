-- The API's tokens: only their hashes, so that a copy of the database opens nothing.
CREATE TABLE tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL UNIQUE,
    -- SHA-256. The tokens are random, so neither salt nor slowness would add anything.
    hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz
);

-- A deleted workflow leaves its versions: runs are pinned to them, and its number goes on counting if it comes back.
ALTER TABLE workflow_versions DROP CONSTRAINT workflow_versions_workflow_fkey;
