-- Secrets: named values that permissions and steps refer to, encrypted outside of the database. A value is the nonce and
-- the ciphertext of XChaCha20-Poly1305; `key` tells which key it is under.
CREATE TABLE secrets (
    name       text PRIMARY KEY,
    key        bytea NOT NULL,
    value      bytea NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
