//! Two versions carry leads side by side, through an upgrade and a rollback. `tests/run upgrade` hands over the programs of an
//! older commit; without them both versions are this one. The tables are of a later version than both.

use std::time::Duration;

use postern_shared::store::migrate::Schema;
use tokio::time::sleep;

use super::EXPANDS;
use super::versions::{self, Load, Version};
use crate::cli::Cli;
use crate::harness::servers::optional_setting;

/// How long each pair of versions carries leads, in seconds, unless `tests/run upgrade --seconds` names another number.
const STAGE_S: u64 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn two_versions_carry_leads_through_an_upgrade_and_a_rollback() {
    let seconds = optional_setting("POSTERN_DEV_STAGE_S").map_or(STAGE_S, |seconds| seconds.parse().unwrap());
    let stage = async || sleep(Duration::from_secs(seconds)).await;
    let servers = versions::database().await;
    let (old, new) = (Version::old(&servers), Version::new(&servers));
    let mut connection = versions::connection(&servers).await;

    let mut first = old.start_all().await;
    let load = Load::start(first.door);
    stage().await;
    // The tables of the new version come while the old one works.
    new.migrate().await;
    Schema::current().with(EXPANDS).apply(&mut connection).await.unwrap();
    old.restart_worker(&mut first).await;
    stage().await;
    let mut second = new.start_all().await;
    load.goes_to(&second);
    // Each version finds what the other one had in hand.
    new.restart_worker(&mut second).await;
    old.restart_worker(&mut first).await;
    stage().await;
    first.stop(&load).await;
    stage().await;
    // Back to the old version, on the tables of the new one, which its command leaves alone.
    old.migrate().await;
    assert_eq!(Cli::on(&servers.database_url).run("migrate --check").code, 0);
    let third = old.start_all().await;
    load.goes_to(&third);
    stage().await;
    second.stop(&load).await;
    stage().await;
    // And forward again.
    let fourth = new.start_all().await;
    load.goes_to(&fourth);
    third.stop(&load).await;
    stage().await;
    let posted = load.end(&connection).await;
    println!("{} leads: refused 0, lost 0, doubled 0", posted.accepted.len());
}
