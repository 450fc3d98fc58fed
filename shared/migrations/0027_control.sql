-- What every replica of control has to know. Keys of the links that make the first account: SHA-256, as a copy of this
-- table opens nothing. All of them go when there is an account.
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
