-- A record of another system is named by its connection, its module and its id (`crm/Leads/4x852`): the column `connected`.
-- The column `record` names a record of the own table by its number. One of the two is null, and null takes no bytes.
-- Rows that are there have none in the new column, so that nothing is to be read through.
ALTER TABLE receipts ADD COLUMN connected text,
    ADD CONSTRAINT receipts_one_record CHECK (connected IS NULL OR record IS NULL) NOT VALID;
ALTER TABLE runs ADD COLUMN connected text,
    ADD CONSTRAINT runs_one_record CHECK (connected IS NULL OR record IS NULL) NOT VALID;
ALTER TABLE checkpoints ADD COLUMN connected text,
    ADD CONSTRAINT checkpoints_one_record CHECK (connected IS NULL OR record IS NULL) NOT VALID;
CREATE INDEX checkpoints_connected_turn ON checkpoints (workflow, connected, receipt, run)
    WHERE waits_for_turn AND connected IS NOT NULL;

-- The same of `touching` and `touched`.
ALTER TABLE digest_queue
    ADD COLUMN touching_connected uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN touched_connected text[] NOT NULL DEFAULT '{}';
