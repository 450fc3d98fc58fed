-- oldest-reader: 57
-- What a second factor needs beside programs that do not know it, and drafts that go with their account.

-- Whether the log-in of the session sent a code. A program of an earlier version begins a session after the password alone.
ALTER TABLE sessions ADD COLUMN with_code boolean NOT NULL DEFAULT false;

-- The wrong codes since the last right one, and when the latest of them came.
ALTER TABLE second_factors
    ADD COLUMN wrong_codes integer NOT NULL DEFAULT 0,
    ADD COLUMN wrong_at timestamptz;

-- Programs of version 57 rely on it that the drafts of an account go with it.
CREATE FUNCTION postern_forget_drafts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM workflow_drafts WHERE account = OLD.name;
    RETURN NULL;
END
$$;
CREATE TRIGGER accounts_forget_drafts AFTER DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION postern_forget_drafts();

-- The path of a webhook lets whoever knows it post, and editors read the audit log.
UPDATE audit_log SET document = jsonb_set(document::jsonb, '{webhook}',
    to_jsonb(regexp_replace(document ->> 'webhook', '^(https?://)([^/?#]*@)?([^/?#]*).*$', '\1\3')))::json
WHERE kind = 'notices' AND document ->> 'webhook' <> '';
