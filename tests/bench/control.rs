//! The control panel and callers: what callers notice of 64 open pages and of log-ins at the limit, and of the end of
//! control.

use crate::Scale;
use crate::attacker::Attacker;
use crate::attacks::Attack;
use crate::besieged::{Besieged, Form};
use crate::isolation::{Phase, measure};
use crate::report::{Beside, Figure, Reach, Rounds};

/// p99 to 202 may become so many times as long, or this many milliseconds.
const BESIDE: Beside = Beside { times: 1.2, least: 20.0 };

/// The phases of one round: control is idle, control is used, control was killed.
type Round = [Phase; 3];

/// Measures the rounds.
pub async fn control(scale: Scale) -> Vec<Figure> {
    let mut rounds = Vec::new();
    for _ in 0..scale.attacked_rounds {
        rounds.push(round(scale).await);
    }
    let of = |at: usize| rounds.iter().map(move |round: &Round| &round[at]);
    let mut figures = Vec::new();
    for (at, name) in [(1, "64 live pages and log-ins"), (2, "control is killed")] {
        let answered = Rounds {
            postern: of(at).map(|phase| phase.answered).collect(),
            floor: of(0).map(|phase| phase.answered).collect(),
        };
        let worst = of(at).map(|phase| phase.accepted).fold(100.0, f64::min);
        figures.push(Figure::value(format!("{name}: answered with 202"), "%", vec![worst], Reach::AtLeast(100.0)));
        figures.push(Figure::beside(format!("{name}: p99 to 202"), "ms", answered, BESIDE));
    }
    figures
}

async fn round(scale: Scale) -> Round {
    let mut besieged = Besieged::start(Form::Pair, None).await;
    let idle = measure(&besieged, false, scale.round).await;
    let people = Attacker::start(&[Attack::LivePages], besieged.against).await;
    let used = measure(&besieged, false, scale.round).await;
    drop(people);
    besieged.control().kill();
    let killed = measure(&besieged, false, scale.round).await;
    println!("idle: {}; used: {}; killed: {}", idle.line(), used.line(), killed.line());
    [idle, used, killed]
}
