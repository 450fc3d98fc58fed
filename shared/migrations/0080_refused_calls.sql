-- oldest-reader: 57
-- A refused body shows how it came, and what its caller proved.
ALTER TABLE refused_bodies
    -- The method and the path of the call. Null: an earlier version kept it.
    ADD COLUMN method text,
    ADD COLUMN path text,
    -- `not_asked`, `right`, `wrong_token` or `wrong_signature`. Null: an earlier version kept it.
    ADD COLUMN proof text;
