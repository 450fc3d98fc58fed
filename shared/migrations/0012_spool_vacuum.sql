-- Every message passes through the spool where there is no broker: rows that live for milliseconds. What they leave
-- behind stands at the front of the index by which the next ones are found, so it goes after as many rows, whatever the
-- size of the table, and without pauses: the table is small.
ALTER TABLE spool SET (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_cost_delay = 0
);
