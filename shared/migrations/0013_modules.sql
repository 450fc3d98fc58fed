-- What is declared of record types; a module without a row is open.
CREATE TABLE modules (
    name       text PRIMARY KEY,
    document   json NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
