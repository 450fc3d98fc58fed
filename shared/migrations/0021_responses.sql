-- Whether the caller waits for a response.
ALTER TABLE receipts ADD COLUMN waits boolean NOT NULL DEFAULT false;

-- What callers get that wait, kept for some minutes.
CREATE TABLE responses (
    receipt      uuid PRIMARY KEY,
    status       integer NOT NULL,
    -- Empty where there is no body.
    content_type text NOT NULL,
    body         bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX responses_created_at ON responses (created_at);
