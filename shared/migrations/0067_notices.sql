-- oldest-reader: 57
-- Whom Postern tells that leads stop, fail, or wait for a person: one row at most.
CREATE TABLE notice_settings (
    is_only   boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    document  jsonb NOT NULL,
    -- When a worker looked last: one worker looks for all.
    looked_at timestamptz NOT NULL DEFAULT '-infinity'
);

-- What people are told, by each way: a row from the beginning of a cause until its end is told.
CREATE TABLE notices (
    cause    text NOT NULL,
    channel  text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    -- When the cause was seen last, and how much of it.
    seen_at  timestamptz NOT NULL DEFAULT now(),
    count    bigint NOT NULL,
    -- When a worker tried to tell the beginning or the end, and when the beginning was told.
    tried_at timestamptz,
    told_at  timestamptz,
    PRIMARY KEY (cause, channel)
);

-- A token has drafts as an account has them. Whoever removes an account removes its drafts.
ALTER TABLE workflow_drafts DROP CONSTRAINT workflow_drafts_account_fkey;
