//! What grows in the life of an installation and should not be felt: rules, workflows, history.

use std::fmt::Write as _;

use crate::Scale;
use crate::accept::per_second;
use crate::drain;
use crate::it::harness::{DEMO, Postern};
use crate::report::{Figure, Reach, Rounds};

const REACH: Reach = Reach::AtLeast(0.9);

/// Address rules of a permission that lets nobody in who posts here.
const RULES_EACH: u64 = 500;

/// A part of the backlog is enough to compare two of them.
const PART: u64 = 4;

/// So many receipts, the latest 10 ms old, each 10 ms older than the one before: most of them stand in the partition
/// that is written to.
const GROW: &str = "
INSERT INTO receipts (id, permission, workflow, env, ip, accepted_at, settings_version)
SELECT overlay(gen_random_uuid()::text PLACING substr(postern_uuid_floor(now() - n * interval '10 ms')::text, 1, 13)
        FROM 1 FOR 13)::uuid,
    'loopback', 77, '{\"lastname\":\"Lovelace\",\"email\":\"ada@example.org\"}', '127.0.0.1', now(), 1
FROM generate_series(1, COUNT) AS n";

pub async fn rules(scale: Scale) -> Vec<Figure> {
    let few = Postern::without_worker(&with_rules(10)).await;
    let many = Postern::without_worker(&with_rules(10_000)).await;
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        rounds.floor.push(per_second(few.public(), few.servers(), scale.round).await);
        rounds.postern.push(per_second(many.public(), many.servers(), scale.round).await);
    }
    vec![Figure::ratio("accept, 10,000 rules ÷ 10", "posts/s", rounds, REACH)]
}

pub async fn workflows(scale: Scale) -> Vec<Figure> {
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        for (count, into) in [(10, &mut rounds.floor), (1_000, &mut rounds.postern)] {
            let mut postern = Postern::without_worker(&with_workflows(count)).await;
            into.push(drain::per_second(&mut postern, scale.leads / PART).await);
        }
    }
    vec![Figure::ratio("drain, 1,000 workflows elsewhere ÷ 10", "leads/s", rounds, REACH)]
}

pub async fn history(scale: Scale) -> Vec<Figure> {
    let mut grown = Postern::without_worker(DEMO).await;
    let grow = GROW.replace("COUNT", &scale.history.to_string());
    grown.connection().await.batch_execute(&format!("SET statement_timeout = 0; {grow}")).await.unwrap();
    let mut rounds = Rounds::default();
    for _ in 0..scale.rounds {
        let mut empty = Postern::without_worker(DEMO).await;
        rounds.floor.push(drain::per_second(&mut empty, scale.leads / PART).await);
        rounds.postern.push(drain::per_second(&mut grown, scale.leads / PART).await);
        grown.workers.clear();
    }
    vec![Figure::ratio(format!("drain, history of {} ÷ none", scale.history), "leads/s", rounds, REACH)]
}

/// The demo, and permissions for so many other addresses.
fn with_rules(count: u64) -> String {
    let mut settings = DEMO.to_owned();
    for first in (0..count).step_by(usize::try_from(RULES_EACH).unwrap()) {
        let of_one = first..count.min(first + RULES_EACH);
        let addresses: Vec<String> = of_one.map(|n| format!("10.{}.{}.7", n / 250, n % 250)).collect();
        let _ = write!(
            settings,
            "\n---\npermission: others-{first}\ntitle: Others\naddresses: [{}]\nworkflows: [77]\n",
            addresses.join(", ")
        );
    }
    settings
}

/// The demo, and so many workflows that listen to another trigger.
pub fn with_workflows(count: u64) -> String {
    let mut settings = format!("{DEMO}\n---\ntrigger: elsewhere\ntitle: Elsewhere\n");
    for id in 1_000..1_000 + count {
        let _ = write!(
            settings,
            "\n---\nworkflow: {id}\ntitle: Elsewhere\nactive: true\nstart:\n  triggers: [elsewhere]\n  \
             without_record: true\n  condition: $env[\"n\"] == {id}\n  next: end\nsteps:\n  end:\n    stop: finished\n"
        );
    }
    settings
}
