-- oldest-reader: 57
-- The ids of a bundle are kept as they are. They live for a moment, and compressing them takes ten times as long as writing.
ALTER TABLE digest_queue
    ALTER COLUMN receipts SET STORAGE EXTERNAL,
    ALTER COLUMN records SET STORAGE EXTERNAL,
    ALTER COLUMN touching SET STORAGE EXTERNAL,
    ALTER COLUMN touched SET STORAGE EXTERNAL;
