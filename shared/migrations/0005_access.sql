-- Bodies that were refused although a permission admits their sender; kept for a while, so that nothing is lost by a
-- charset or a limit that is set wrong. No body: it did not arrive whole, or is too large to keep.
CREATE TABLE refused_bodies (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    permission      text NOT NULL,
    address         text NOT NULL,
    code            text NOT NULL,
    message         text NOT NULL,
    query           text NOT NULL,
    content_type    text,
    body            bytea,
    refused_at      timestamptz NOT NULL,
    -- A refused body is replayed with the dedupe key that its caller sent.
    idempotency_key text,
    -- One that is refused again waits behind those that were not tried as lately.
    tried_at        timestamptz,
    -- The bytes that are kept of it: ingress keeps refused bodies within a total, and reads none.
    kept_bytes      bigint NOT NULL GENERATED ALWAYS AS (
        coalesce(octet_length(body), 0) + octet_length(query) + octet_length(message)
            + coalesce(octet_length(content_type), 0) + octet_length(permission) + octet_length(address)
            + octet_length(code) + coalesce(octet_length(idempotency_key), 0)) STORED
);

-- Callers that no permission admits, by day (UTC) and address; `others` stands for those above the limit of a day.
CREATE TABLE rejected_callers (
    day     date NOT NULL,
    address text NOT NULL,
    -- The code of the latest refusal.
    reason  text NOT NULL,
    count   bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (day, address)
);

-- The API's tokens: only their hashes, so that a copy of the database opens nothing.
CREATE TABLE tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name         text NOT NULL UNIQUE,
    -- SHA-256. The tokens are random, so neither salt nor slowness would add anything.
    hash         bytea NOT NULL CHECK (octet_length(hash) = 32),
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz,
    -- What a token may do: everything, change settings, or only look.
    role         text NOT NULL DEFAULT 'admin' CHECK (role IN ('viewer', 'editor', 'admin'))
);

-- Who may use the control panel. A password is stored as its argon2id hash in PHC form, never itself.
CREATE TABLE accounts (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    password   text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    role       text NOT NULL DEFAULT 'admin' CHECK (role IN ('viewer', 'editor', 'admin'))
);

-- The cookie holds a random token; here stands its SHA-256, so that a copy of this table lets nobody in.
CREATE TABLE sessions (
    token      bytea PRIMARY KEY,
    account    bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

-- Keys of the links that make the first account: SHA-256, as a copy of this table opens nothing. Every replica of control
-- has to know them. All of them go when there is an account.
CREATE TABLE set_up_keys (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32)
);

-- Wrong passwords. Strangers write these two tables, so they are unlogged: a guess costs no flush of a disk, and a crash
-- of the server forgets them. A name is its SHA-256: some people type their password there.
CREATE UNLOGGED TABLE log_in_guesses (
    name    bytea NOT NULL,
    caller  inet NOT NULL,
    wrong   integer NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (name, caller)
);
-- What callers that never knew its password have spent of the guesses of a name: when all of it will have come back.
CREATE UNLOGGED TABLE log_in_names (
    name    bytea PRIMARY KEY,
    back_at timestamptz NOT NULL
);
-- The callers that knew the password of a name. Only they write it, and a crash must not lock them out.
CREATE TABLE log_in_callers (
    name   bytea NOT NULL,
    caller inet NOT NULL,
    at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, caller)
);
