//! Isolation: an honest caller without and beside each attack, in turn. It gets only 202, and its times stay.

use std::time::Duration;

use crate::answering::{self, Waits};
use crate::attacker::Attacker;
use crate::attacks::Attack;
use crate::besieged::{Besieged, Form};
use crate::honest::{self, Answer};
use crate::report::{Figure, Reach, Rounds, quantile, sorted};
use crate::{Scale, report};

/// Posts a second of the honest caller.
pub const PER_SECOND: u32 = 200;

/// Not counted: connections are made, and statements prepared.
const WARM_UP: Duration = Duration::from_secs(1);

/// What is measured beside which attack, by the numbers of the list of attacks.
const ROWS: [(&str, Attack, Form); 17] = [
    ("A1 hanging target", Attack::HangingTarget, Form::Pair),
    ("A1 silent mail server", Attack::SilentMail, Form::Pair),
    ("A4 endless headers", Attack::EndlessHeaders, Form::Pair),
    ("A5 idle connections", Attack::IdleConnections, Form::Pair),
    ("A5 pipelining", Attack::Pipelining, Form::Pair),
    ("A6 computing run, serve", Attack::ComputingRun, Form::Serve),
    ("A7 searching runs", Attack::SearchingRuns, Form::Pair),
    ("A10 stalled bodies", Attack::StalledBodies, Form::Pair),
    ("A11 one receipt polled", Attack::ReceiptPolls, Form::Pair),
    ("A11 made-up receipts", Attack::MadeUpReceipts, Form::Pair),
    ("S3 refused requests", Attack::RefusedRequests, Form::Pair),
    ("S3 refused requests, serve", Attack::RefusedRequests, Form::Serve),
    ("S3 refused requests, sent ahead", Attack::RefusedPipelining, Form::Pair),
    ("S3 refused, a connection each", Attack::RefusedConnections, Form::Pair),
    ("S5 receipts polled ahead", Attack::PipelinedReceipts, Form::Pair),
    ("S4 large posts that wait", Attack::LargeDelays, Form::Pair),
    ("S4 large posts that wait, serve", Attack::LargeDelays, Form::Serve),
];

/// What one phase saw.
pub struct Phase {
    /// Percent of the posts.
    pub accepted: f64,
    /// p99 in milliseconds.
    pub answered: f64,
    pub committed: f64,
    /// The longest that callers waited for a call and for a delay.
    waited: [f64; 2],
}

impl Phase {
    /// In words, while others are still being measured.
    pub fn line(&self) -> String {
        let Self { accepted, answered, committed, .. } = self;
        format!("{accepted:.1} % 202, p99 {answered:.0} ms, to the commit {committed:.0} ms")
    }
}

/// The attacks whose names contain `only`.
pub async fn isolation(scale: Scale, only: &str) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (name, attack, form) in ROWS.into_iter().filter(|(name, ..)| name.contains(only)) {
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for _ in 0..scale.attacked_rounds {
            let besieged = Besieged::start(form, None).await;
            without.push(measure(&besieged, takes_slots(attack), scale.round).await);
            let attacker = Attacker::start(&[attack], besieged.against).await;
            with.push(measure(&besieged, takes_slots(attack), scale.round).await);
            drop(attacker);
            println!("{name}: {}, without it {}", with[with.len() - 1].line(), without[without.len() - 1].line());
        }
        figures.extend(figures_of(name, attack, &without, &with));
    }
    assert!(!figures.is_empty(), "there is no attack {only}");
    figures
}

/// What the honest caller sees for a time; `waits`: also callers that wait for a call and for a delay.
pub async fn measure(besieged: &Besieged, waits: bool, time: Duration) -> Phase {
    let to = besieged.public();
    let waits = async {
        if !waits {
            return [0.0; 2];
        }
        let waited =
            tokio::join!(answering::times(to, Waits::ForACall, time), answering::times(to, Waits::ForADelay, time));
        [quantile(&waited.0, 1.0), quantile(&waited.1, 1.0)]
    };
    let (mut posts, waited) = tokio::join!(honest::post(to, PER_SECOND, WARM_UP + time), waits);
    posts.drain(..usize::try_from(u64::from(PER_SECOND) * WARM_UP.as_secs()).unwrap());
    let (committed, missing) = honest::commits(&besieged.connection().await, &posts).await;
    if missing > 0 {
        println!("{missing} of {} accepted leads were not committed", committed.len());
    }
    let accepted = posts.iter().filter(|post| matches!(post.answer, Answer::Accepted(_))).count();
    let p99 = |times: &[f64]| if times.is_empty() { f64::INFINITY } else { quantile(times, 0.99) };
    Phase {
        accepted: 100.0 * accepted as f64 / posts.len() as f64,
        answered: p99(&sorted(posts.iter().map(|post| post.answered))),
        committed: p99(&committed),
        waited,
    }
}

/// Whether it may take the slots in which callers of other flows are served that seldom post.
fn takes_slots(attack: Attack) -> bool {
    use Attack::{ComputingRun, HangingTarget, LargeDelays, SearchingRuns, SilentMail};
    matches!(attack, HangingTarget | SilentMail | ComputingRun | SearchingRuns | LargeDelays)
}

fn figures_of(name: &str, attack: Attack, without: &[Phase], with: &[Phase]) -> Vec<Figure> {
    let figure = |what: &str, of: &dyn Fn(&Phase) -> f64, times: f64, least: f64| {
        let rounds = Rounds { postern: with.iter().map(of).collect(), floor: without.iter().map(of).collect() };
        Figure::beside(format!("{name}: {what}"), "ms", rounds, report::Beside { times, least })
    };
    let worst = with.iter().map(|phase| phase.accepted).fold(100.0, f64::min);
    let mut figures = vec![
        Figure::value(format!("{name}: answered with 202"), "%", vec![worst], Reach::AtLeast(100.0)),
        figure("p99 to 202", &|phase| phase.answered, 2.0, 20.0),
        figure("p99 to the commit", &|phase| phase.committed, 3.0, 200.0),
    ];
    if takes_slots(attack) {
        figures.push(figure("longest call of another", &|phase| phase.waited[0], 3.0, 1_000.0));
        figures.push(figure("longest delay of 1 s of another", &|phase| phase.waited[1], 3.0, 3_000.0));
    }
    figures
}
