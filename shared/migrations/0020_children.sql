-- How many runs a receipt has started: the place of the last of them.
ALTER TABLE receipts ADD COLUMN places integer NOT NULL DEFAULT 0;

-- Of several runs of one receipt only one may hold what may happen only once: the origin of the run that holds it.
ALTER TABLE claims ADD COLUMN origin text NOT NULL DEFAULT '';
UPDATE claims SET origin = runs.origin FROM runs
WHERE claims.scope = 'workflow ' || runs.workflow || ' not in parallel' AND claims.receipt = runs.receipt
    AND runs.state IN ('running', 'waiting', 'needs_attention') AND runs.origin <> '';
