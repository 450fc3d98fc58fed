//! Commits that take long, or are ended by PostgreSQL: a deferred trigger on the receipts, which each
//! transaction of a worker begins with.

use std::time::Duration;

use tokio::time::sleep;

use crate::database::Database;

/// Longer than the services let a statement take (30 s): PostgreSQL ends each commit with SQLSTATE 57014.
const SLOW_S: f64 = 31.0;

/// After so long the trigger itself ends the commit with that SQLSTATE: the same as above, so soon that every lead
/// comes to all its tries within half a minute.
const CANCELLED_S: f64 = 0.02;

/// A trigger that does nothing until a row tells it to. It sleeps once a transaction, since it fires for each row.
const PREPARE: &str = "
CREATE TABLE IF NOT EXISTS chaos_commits (seconds float8 NOT NULL, cancels bool NOT NULL);
CREATE OR REPLACE FUNCTION chaos_commit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE what chaos_commits;
BEGIN
    SELECT * INTO what FROM chaos_commits;
    IF NOT FOUND OR current_setting('chaos.slept', true) = 'yes' THEN RETURN NULL; END IF;
    PERFORM set_config('chaos.slept', 'yes', true);
    PERFORM pg_sleep(what.seconds);
    IF what.cancels THEN
        RAISE query_canceled USING MESSAGE = 'canceling statement due to statement timeout';
    END IF;
    RETURN NULL;
END $$;
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = 'chaos_commit') THEN
        CREATE CONSTRAINT TRIGGER chaos_commit AFTER INSERT ON receipts
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION chaos_commit();
    END IF;
END $$;";

/// Every commit of a worker takes 31 s, for a time.
pub async fn slow(database: &Database, lasts: Duration) {
    harm(database, SLOW_S, false, lasts).await;
}

/// Every commit of a worker is ended as a statement time-out ends it, for a time.
pub async fn cancelled(database: &Database, lasts: Duration) {
    harm(database, CANCELLED_S, true, lasts).await;
}

async fn harm(database: &Database, seconds: f64, cancels: bool, lasts: Duration) {
    database.sql(PREPARE).await;
    database.sql(&format!("INSERT INTO chaos_commits VALUES ({seconds}, {cancels})")).await;
    sleep(lasts).await;
    // Not TRUNCATE: that would wait for the commits.
    database.sql("DELETE FROM chaos_commits").await;
}
