-- What was said of a record, by which step of which run. It goes with its record.
CREATE TABLE comments (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record     bigint NOT NULL REFERENCES records ON DELETE CASCADE,
    receipt    uuid NOT NULL,
    workflow   bigint NOT NULL,
    number     integer NOT NULL,
    text       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comments_record ON comments (record, id);
