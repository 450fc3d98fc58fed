//! Callers that post seldom and wait for what their workflow responds: of one that asks another system, and of one that
//! waits for a second. They show whether runs of others take the slots of their runs.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use crate::load::milliseconds;
use crate::report::sorted;

/// What a caller waits for.
#[derive(Debug, Clone, Copy)]
pub enum Waits {
    /// Another system is asked.
    ForACall,
    /// A delay of a second.
    ForADelay,
}

/// Such callers a second.
const PER_SECOND: u32 = 5;

/// The address that their permission lets in.
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 5));

/// How long a caller asks to wait.
const LONGEST: Duration = Duration::from_secs(10);

/// Posts for a time; the times to the answers in milliseconds. A caller that was answered before the workflow responded
/// counts with all the time that it was ready to wait.
pub async fn times(to: SocketAddr, waits: Waits, time: Duration) -> Vec<f64> {
    let client = reqwest::Client::builder().local_address(ADDRESS).timeout(LONGEST * 2).build().unwrap();
    let workflow = match waits {
        Waits::ForACall => 78,
        Waits::ForADelay => 79,
    };
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    let mut open = Vec::new();
    for _ in 0..u64::from(PER_SECOND) * time.as_secs() {
        ticks.tick().await;
        let request = client.post(format!("http://{to}/trigger?workflow_id={workflow}"));
        let request = request.header("prefer", format!("wait={}", LONGEST.as_secs())).body("n=1");
        open.push(tokio::spawn(async move {
            let begin = Instant::now();
            let answer = request.send().await;
            let responded = answer.is_ok_and(|answer| answer.status() == 200);
            milliseconds(if responded { begin.elapsed() } else { LONGEST })
        }));
    }
    let mut times = Vec::new();
    for caller in open {
        times.push(caller.await.unwrap());
    }
    sorted(times)
}
