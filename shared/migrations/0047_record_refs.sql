-- A record of another system is named by its connection, its module and its id (`crm/Leads/4x852`): the column `connected`.
-- The column `record` names a record of the own table by its number. One of the two is null, and null takes no bytes.
ALTER TABLE receipts ADD COLUMN connected text CHECK (connected IS NULL OR record IS NULL);
ALTER TABLE runs ADD COLUMN connected text CHECK (connected IS NULL OR record IS NULL);
ALTER TABLE checkpoints ADD COLUMN connected text CHECK (connected IS NULL OR record IS NULL);
CREATE INDEX checkpoints_connected_turn ON checkpoints (workflow, connected, receipt, run)
    WHERE waits_for_turn AND connected IS NOT NULL;

-- The same of `touching` and `touched`.
ALTER TABLE digest_queue
    ADD COLUMN touching_connected uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN touched_connected text[] NOT NULL DEFAULT '{}';
