-- oldest-reader: 57
-- The second factor of an account: the secret of an app that makes codes (RFC 6238). Whoever reads it here still lacks the
-- password, of which there is only a hash.
CREATE TABLE second_factors (
    account   bigint PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    secret    bytea NOT NULL,
    -- The number of the code that was taken last: no code is taken twice.
    last_step bigint NOT NULL,
    made_at   timestamptz NOT NULL DEFAULT now()
);

-- What lets an account in once without its app: the SHA-256 of random codes.
CREATE TABLE recovery_codes (
    account bigint NOT NULL REFERENCES second_factors (account) ON DELETE CASCADE,
    hash    bytea NOT NULL,
    PRIMARY KEY (account, hash)
);

-- Who has sent the right password and owes the code. It is no session, and an older version does not take it for one.
CREATE TABLE pending_log_ins (
    token      bytea PRIMARY KEY,
    account    bigint NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);

-- Whether the account must have a second factor.
ALTER TABLE accounts ADD COLUMN needs_second_factor boolean NOT NULL DEFAULT false;
