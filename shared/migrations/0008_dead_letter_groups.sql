-- Who let a dead letter in and what it asks to run, as far as its body says, and the group of those that are alike:
-- a person decides about a group, not about ten thousand letters.
ALTER TABLE dead_letters
    ADD COLUMN permission text,
    ADD COLUMN target text,
    ADD COLUMN group_id text NOT NULL GENERATED ALWAYS AS
        (left(md5(kind || E'\n' || coalesce(target, '') || E'\n' || reason), 12)) STORED;
CREATE INDEX dead_letters_group ON dead_letters (group_id, id);
