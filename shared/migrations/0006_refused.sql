-- Bodies that were refused although a permission admits their sender; kept for a while, so that nothing is lost by a
-- charset or a limit that is set wrong. No body = it did not arrive whole, or is too large to keep.
CREATE TABLE refused_bodies (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    permission   text NOT NULL,
    address      text NOT NULL,
    code         text NOT NULL,
    message      text NOT NULL,
    query        text NOT NULL,
    content_type text,
    body         bytea,
    refused_at   timestamptz NOT NULL
);

-- Callers that no permission admits, by day (UTC) and address; `others` stands for those above the limit of a day.
CREATE TABLE rejected_callers (
    day     date NOT NULL,
    address text NOT NULL,
    -- The code of the latest refusal.
    reason  text NOT NULL,
    count   bigint NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (day, address)
);
