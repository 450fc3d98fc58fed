//! End to end: from the first post of a burst to the commit of its last lead, everything on this machine.

use std::time::Instant;

use crate::Scale;
use crate::drain::{listener, until_committed};
use crate::it::harness::{DEMO, Postern};
use crate::load;
use crate::report::{Figure, Reach, peak_megabytes};

/// Connections of the burst.
pub const CONNECTIONS: usize = 256;

pub async fn end_to_end(scale: Scale) -> Vec<Figure> {
    let (mut rates, mut ingress, mut of_worker) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..scale.rounds {
        let mut postern = Postern::start(DEMO).await;
        let leads = scale.leads / 2;
        let worker = listener(&mut postern.workers[0]).await;
        let begin = Instant::now();
        load::burst(postern.public(), CONNECTIONS, leads).await;
        until_committed(worker, leads).await;
        rates.push(leads as f64 / begin.elapsed().as_secs_f64());
        ingress.push(peak_megabytes(postern.ingress.id()));
        of_worker.push(peak_megabytes(postern.workers[0].id()));
    }
    vec![
        Figure::value("end to end", "leads/s", rates, Reach::AtLeast(10_000.0)),
        Figure::value("end to end, peak memory of the ingress", "MB", ingress, Reach::AtMost(40.0)),
        Figure::value("end to end, peak memory of the worker", "MB", of_worker, Reach::AtMost(80.0)),
    ]
}
