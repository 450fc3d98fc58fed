-- oldest-reader: 57
-- What other systems tell of their modules, and which of their records runs have touched. A worker asks and writes.
CREATE TABLE described_modules (
    connection   text NOT NULL,
    module       text NOT NULL,
    -- Null: the module is there, and nobody has asked for its fields yet.
    description  json,
    described_at timestamptz,
    tried_at     timestamptz,
    PRIMARY KEY (connection, module)
);

-- The records by their names alone: their fields are kept by the other system.
CREATE TABLE connected_records (
    connection text NOT NULL,
    module     text NOT NULL,
    id         text NOT NULL,
    number     bigint GENERATED ALWAYS AS IDENTITY,
    first_at   timestamptz NOT NULL DEFAULT now(),
    last_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection, module, id)
);
CREATE INDEX connected_records_newest ON connected_records (connection, module, number);
CREATE INDEX connected_records_oldest ON connected_records (last_at);

-- A check may ask for the fields of a module. Null: it asks whether the connection works.
ALTER TABLE connection_checks ADD COLUMN module text;

-- The connections whose systems do not answer this process.
ALTER TABLE processes ADD COLUMN away text[] NOT NULL DEFAULT '{}';
