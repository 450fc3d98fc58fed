-- What an account of the control panel may do: everything, or only look.
ALTER TABLE accounts ADD COLUMN role text NOT NULL DEFAULT 'admin' CHECK (role IN ('admin', 'reader'));
