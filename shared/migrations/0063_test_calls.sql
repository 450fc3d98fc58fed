-- oldest-reader: 57
-- The call with which an account tries a workflow. It outlives its draft; a receipt that is gone is no call any more.
CREATE TABLE test_calls (
    workflow  bigint NOT NULL,
    account   text NOT NULL REFERENCES accounts (name) ON UPDATE CASCADE ON DELETE CASCADE,
    receipt   uuid NOT NULL,
    chosen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workflow, account)
);
CREATE INDEX test_calls_account ON test_calls (account, chosen_at);
