-- Why a step failed, as a code with arguments (JSON). Such a step has no message: its text is made where it is shown.
ALTER TABLE run_log ADD COLUMN error text;
