//! The siege: all attacks at once on `postern serve`, which has 512 MiB of memory, while an honest caller posts. It is
//! not killed, and the honest caller gets 202, or seldom 503 with `Retry-After`. PostgreSQL stands outside of the limit.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::attacker::Attacker;
use crate::attacks::Attack;
use crate::besieged::{Besieged, Form};
use crate::control_group::ControlGroup;
use crate::honest::{self, Answer, Post};
use crate::isolation::PER_SECOND;
use crate::report::{peak_megabytes, quantile, sorted};

const MEMORY_MB: u64 = 512;

/// Of so many posts one may get a 503.
const LATER_OF: usize = 1_000;

/// Prints one line of figures and the verdict; true if it holds.
pub async fn siege(time: Duration) -> bool {
    let group = ControlGroup::of_memory(MEMORY_MB * 1024 * 1024);
    if group.is_none() {
        println!(
            "NOT COVERED: the kernel's limit, since no control group can be made; the process is measured instead"
        );
    }
    let besieged = Besieged::start(Form::Serve, group.as_ref()).await;
    let attacks = Attack::of_outsiders();
    let attacker = Attacker::start(&attacks, besieged.against).await;
    println!("{} attacks are in force", attacks.len());
    let posts = honest::post(besieged.public(), PER_SECOND, time).await;
    let is_alive = besieged.is_alive() && !group.as_ref().is_some_and(ControlGroup::has_killed);
    println!("connections: {:?}", connections(&besieged).await);
    drop(attacker);
    let (committed, missing) = honest::commits(&besieged.connection().await, &posts).await;
    let of_process = if is_alive { peak_megabytes(besieged.processes[0].id()) } else { 0.0 };
    let of_group = group.as_ref().and_then(ControlGroup::peak).map(|bytes| bytes as f64 / 1024.0 / 1024.0);
    let later = posts.iter().filter(|post| post.answer == Answer::Later).count();
    let other: usize = others(&posts).values().sum();
    let passed = is_alive
        && other == 0
        && missing == 0
        && later * LATER_OF <= posts.len()
        && of_process.max(of_group.unwrap_or_default()) <= MEMORY_MB as f64;
    println!(
        "siege, {} s: {} of {} posts answered with 202, {later} with 503 and Retry-After, otherwise {:?}; p99 to 202 \
         {:.1} ms, to the commit {:.1} ms, {missing} not committed; {}, peak {of_process:.0} MB, with what the kernel \
         holds for it {}, of {MEMORY_MB} MB",
        time.as_secs(),
        posts.len() - later - other,
        posts.len(),
        others(&posts),
        quantile(&sorted(posts.iter().map(|post| post.answered)), 0.99),
        if committed.is_empty() { f64::INFINITY } else { quantile(&committed, 0.99) },
        if is_alive { "alive" } else { "KILLED" },
        of_group.map_or_else(|| "not measured".to_owned(), |peak| format!("{peak:.0} MB")),
    );
    println!("{}", if passed { "PASSED" } else { "FAILED" });
    passed
}

/// What its metrics tell of connections.
async fn connections(besieged: &Besieged) -> Vec<String> {
    let metrics = async { reqwest::get(format!("http://{}/metrics", besieged.against.private)).await?.text().await };
    let metrics = metrics.await.unwrap_or_else(|error| error.to_string());
    metrics.lines().filter(|line| line.starts_with("postern_connections")).map(str::to_owned).collect()
}

/// The answers that an honest caller must not get, and how often each came.
fn others(posts: &[Post]) -> BTreeMap<String, usize> {
    let mut others = BTreeMap::new();
    for post in posts {
        let other = match &post.answer {
            Answer::Accepted(_) | Answer::Later => continue,
            Answer::Refused(status) => status.to_string(),
            Answer::Nothing(why) => why.clone(),
        };
        *others.entry(other).or_default() += 1;
    }
    others
}
