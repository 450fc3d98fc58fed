-- The ingresses and workers that are up. Each renews its row every few seconds: the version of the settings that it holds,
-- and how many secrets it cannot decrypt. A row that is not renewed is of a process that stands still, was killed, or
-- cannot reach PostgreSQL; a process that ends by itself removes its row.
CREATE TABLE processes (
    instance         bigint PRIMARY KEY,
    service          text NOT NULL CHECK (service IN ('ingress', 'worker')),
    -- The host and the address of its listener.
    name             text NOT NULL,
    settings_version bigint NOT NULL,
    unopened_secrets integer NOT NULL,
    seen_at          timestamptz NOT NULL DEFAULT now()
);
