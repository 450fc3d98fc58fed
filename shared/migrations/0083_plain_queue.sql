-- oldest-reader: 57
-- The ids of a bundle are kept as they are: they live for a moment, and hardly compress.
ALTER TABLE digest_queue
    ALTER COLUMN receipts SET STORAGE EXTERNAL,
    ALTER COLUMN records SET STORAGE EXTERNAL,
    ALTER COLUMN touching SET STORAGE EXTERNAL,
    ALTER COLUMN touched SET STORAGE EXTERNAL;
