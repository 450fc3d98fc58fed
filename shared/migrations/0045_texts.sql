-- The text of a document as a person wrote it, comments included; null where it is the form that Postern writes itself.
-- The other column is what it says, derived from it.
ALTER TABLE permissions ADD COLUMN text text;
ALTER TABLE triggers ADD COLUMN text text;
ALTER TABLE modules ADD COLUMN text text;
ALTER TABLE workflow_versions ADD COLUMN text text;
