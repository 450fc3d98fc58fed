-- The numbers that each ingress gives to what it accepts, so that one that never arrives is missed: those that it has
-- answered with 202, by the hour of their receipts, and those that a worker has claimed or put with the dead letters.
CREATE TABLE answered (
    instance bigint NOT NULL,
    -- Hours since 1970 (UTC).
    hour     bigint NOT NULL,
    numbers  int8multirange NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE arrived (
    instance bigint NOT NULL,
    numbers  int8multirange NOT NULL,
    -- How long the oldest of them was on its way.
    lag      interval NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
