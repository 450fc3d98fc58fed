-- oldest-reader: 57
-- A refused body is replayed with the headers that its permission keeps, as JSON.
ALTER TABLE refused_bodies ADD COLUMN headers text;
