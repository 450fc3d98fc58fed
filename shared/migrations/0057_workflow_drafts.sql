-- What an account changes in a workflow before it is published. The version in force does not know of it.
CREATE TABLE workflow_drafts (
    workflow     bigint NOT NULL,
    account      text NOT NULL REFERENCES accounts (name) ON UPDATE CASCADE ON DELETE CASCADE,
    -- The version that the draft was opened from; 0: the workflow is new.
    base_version integer NOT NULL,
    text         text NOT NULL,
    -- The changes that can be taken back, and those that were, the latest last.
    undo         jsonb NOT NULL DEFAULT '[]',
    redo         jsonb NOT NULL DEFAULT '[]',
    changed_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (workflow, account)
);
CREATE INDEX workflow_drafts_changed_at ON workflow_drafts (changed_at);
CREATE INDEX workflow_drafts_account ON workflow_drafts (account, changed_at);
