-- oldest-reader: 57
-- Counters of the installation: numbers that the steps of workflows draw, each once.
CREATE TABLE counters (
    name text PRIMARY KEY,
    last bigint NOT NULL
);
