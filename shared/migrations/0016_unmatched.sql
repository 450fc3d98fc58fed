-- A submission that started nothing is found without a look at those that did; and a receipt tells which files were left
-- out.
ALTER TABLE receipts
    ADD COLUMN unmatched boolean NOT NULL DEFAULT false,
    ADD COLUMN dropped_files json NOT NULL DEFAULT '[]';
UPDATE receipts SET unmatched = true
WHERE duplicate_of IS NULL AND NOT EXISTS (SELECT FROM runs WHERE runs.receipt = receipts.id);
CREATE INDEX receipts_unmatched ON receipts (id) WHERE unmatched;
