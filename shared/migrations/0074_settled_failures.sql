-- oldest-reader: 57
-- Failed runs that need nobody: the step that waited for the run went on by its way for failures, or a person has looked.
ALTER TABLE runs
    -- The name of that step, in the workflow of the run that waited. Null: no step did.
    ADD COLUMN handled_by text,
    -- The account that dismissed the run, or the token. Null: nobody did.
    ADD COLUMN dismissed_by text,
    -- The job that started the run. Null: no job did.
    ADD COLUMN job bigint;
