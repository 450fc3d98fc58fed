-- A dead letter whose receipt lies outside the history is replayed under a new receipt: each of the two is found by the
-- other. Not partitioned, since the old one has no partition.
CREATE TABLE replayed (
    old        uuid PRIMARY KEY,
    new        uuid NOT NULL UNIQUE,
    permission text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
