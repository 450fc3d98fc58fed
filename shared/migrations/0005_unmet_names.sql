-- Names that were posted and nothing read, and names that were read and nobody posted: lists of texts.
ALTER TABLE receipts
    ADD COLUMN unread   json NOT NULL DEFAULT '[]',
    ADD COLUMN unposted json NOT NULL DEFAULT '[]';
