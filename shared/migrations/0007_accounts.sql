-- Who may use the control panel. A password is stored as its argon2id hash in PHC form, never itself.
CREATE TABLE accounts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    password   text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The cookie holds a random token; here stands its SHA-256, so that a copy of this table lets nobody in.
CREATE TABLE sessions (
    token      bytea PRIMARY KEY,
    account    bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- What was changed, by whom. The name of the account, not its id: it stays readable when the account is gone.
CREATE TABLE audit_log (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT now(),
    account  text NOT NULL,
    action   text NOT NULL,
    kind     text NOT NULL,
    key      text NOT NULL,
    -- The new form of what was changed; null = it is gone, or it has no document.
    document json
);
CREATE INDEX audit_log_thing ON audit_log (kind, key, id);

-- How many runs failed lately stands beside every page: it must not read those that did not.
CREATE INDEX runs_failed ON runs (receipt) WHERE state IN ('failed', 'needs_attention');
