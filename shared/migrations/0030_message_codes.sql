-- A message of a step is a code with arguments (JSON), whether the step failed or not. An older text stays as it is.
-- Older codes that held English words become a text.
UPDATE run_log SET message = CASE error::json ->> 'code'
    WHEN 'in-field' THEN concat(error::json ->> 'field', ': ', error::json ->> 'reason')
    WHEN 'compared-with' THEN
        concat(error::json ->> 'field', ': it is compared with a text that is not ', error::json ->> 'kind')
    WHEN 'refused' THEN error::json ->> 'reason'
    WHEN 'goes-on-alone' THEN error::json ->> 'why'
    ELSE error
END WHERE error IS NOT NULL;
ALTER TABLE run_log DROP COLUMN error;
