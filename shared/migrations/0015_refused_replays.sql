-- A refused body is replayed with the dedupe key that its caller sent. One that is refused again waits behind those that
-- were not tried as lately.
ALTER TABLE refused_bodies
    ADD COLUMN idempotency_key text,
    ADD COLUMN tried_at timestamptz;
