-- Checks of connections that people ask for. Control asks, and a worker makes the call: only workers reach other systems.
-- A row is removed when its answer is read.
CREATE TABLE connection_checks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection text NOT NULL,
    version    bigint NOT NULL,
    asked_at   timestamptz NOT NULL DEFAULT now(),
    taken_at   timestamptz,
    is_fine    boolean,
    message    text
);
