-- The one home of what may happen only once. The row that is there decides; its key is hashed, since an index row
-- cannot hold a long one.
CREATE TABLE claims (
    scope      text NOT NULL,
    key        bytea NOT NULL,
    receipt    uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX claims_expires_at ON claims (expires_at);

-- The receipt that had the same dedupe key first.
ALTER TABLE receipts ADD COLUMN duplicate_of uuid;
