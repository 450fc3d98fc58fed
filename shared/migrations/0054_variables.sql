-- Variables of the installation: named texts that expressions and templates read as $var["name"]. Each stage has its own, so
-- that one workflow serves test and production.
CREATE TABLE variables (
    name       text PRIMARY KEY,
    value      text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
