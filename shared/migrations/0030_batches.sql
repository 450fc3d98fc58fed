-- The receipts of lists that were posted with an Idempotency-Key, so that a retry is answered with the same ones.
CREATE TABLE batch_receipts (
    permission text        NOT NULL,
    key        text        NOT NULL,
    receipts   uuid[]      NOT NULL,
    made_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (permission, key)
);
CREATE INDEX batch_receipts_made_at ON batch_receipts (made_at);
