-- Settings: one row whose version every change raises; each document is the only stored form of its thing.
CREATE TABLE settings (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    version  bigint NOT NULL DEFAULT 1
);
INSERT INTO settings DEFAULT VALUES;

-- json, not jsonb: a document is given back in the order and with the digits in which it was written.
CREATE TABLE permissions (
    key        text PRIMARY KEY,
    document   json NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE triggers (
    key        text PRIMARY KEY,
    document   json NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
-- What is declared of record types; a module without a row is open.
CREATE TABLE modules (
    name       text PRIMARY KEY,
    document   json NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE workflows (
    id      bigint PRIMARY KEY CHECK (id > 0),
    version integer NOT NULL
);
-- A deleted workflow leaves its versions: runs are pinned to them, and its number goes on counting if it comes back.
CREATE TABLE workflow_versions (
    workflow   bigint NOT NULL,
    version    integer NOT NULL,
    document   json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workflow, version)
);

-- Each change with the name of who made it. The name of the account, not its id: it stays readable when the account is
-- gone.
CREATE TABLE audit_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    account  text NOT NULL,
    action   text NOT NULL,
    kind     text NOT NULL,
    key      text NOT NULL,
    -- The new form of the thing that was changed; null: the thing is gone, or has no document.
    document json
);
CREATE INDEX audit_log_thing ON audit_log (kind, key, id);
