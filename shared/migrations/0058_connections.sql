-- oldest-reader: 57
-- The connections to other systems, as the documents that were applied. They name secrets and never hold the values.
CREATE TABLE connections (
    name       text PRIMARY KEY,
    document   json NOT NULL,
    text       text,
    changed_at timestamptz NOT NULL DEFAULT now()
);
