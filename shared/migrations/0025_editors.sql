-- What an account may do: everything, change settings, or only look. A token has a role as well; those that there are
-- may do everything.
ALTER TABLE accounts DROP CONSTRAINT accounts_role_check;
UPDATE accounts SET role = 'viewer' WHERE role = 'reader';
ALTER TABLE accounts ADD CONSTRAINT accounts_role_check CHECK (role IN ('viewer', 'editor', 'admin'));
ALTER TABLE tokens ADD COLUMN role text NOT NULL DEFAULT 'admin' CHECK (role IN ('viewer', 'editor', 'admin'));
