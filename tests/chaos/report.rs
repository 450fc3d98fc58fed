//! The report: what was done, what was answered meanwhile, how long it took to come back, and what was lost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::crm_audit::InVtiger;
use crate::ledger::Ledger;
use crate::nemesis::Struck;

/// Findings of one sort that are printed.
const SHOWN: usize = 20;

pub struct Report {
    seed: u64,
    started: Instant,
    struck: Vec<Struck>,
}

impl Report {
    pub fn new(seed: u64) -> Self {
        println!(
            "{:>6}  {:<34}{:>7}  {:>8}{:>8}{:>8}  {:>9}{:>8}",
            "at", "fault", "lasted", "accepted", "refused", "unknown", "recovered", "ready"
        );
        Self { seed, started: Instant::now(), struck: Vec::new() }
    }

    pub fn add(&mut self, struck: Struck) {
        let recovered = struck.recovered.map_or_else(|| "NEVER".to_owned(), seconds);
        let [accepted, refused, unknown] = struck.counts;
        let pause = struck.pause.map_or_else(String::new, |pause| format!("  paused {}", seconds(pause)));
        println!(
            "{:>6}  {:<34}{:>7}  {accepted:>8}{refused:>8}{unknown:>8}  {recovered:>9}{:>8}{pause}",
            seconds(self.started.elapsed()),
            struck.strike.to_string(),
            seconds(struck.lasted),
            seconds(struck.ready)
        );
        struck.complaints.iter().for_each(|complaint| println!("        {complaint}"));
        self.struck.push(struck);
    }

    /// Prints the rest; true if all that was promised is so.
    pub fn conclude(&self, ledger: &Ledger, client: &Client) -> bool {
        let [accepted, refused, unknown] = client.counts();
        for (title, findings) in [
            ("lost", &ledger.lost),
            ("doubled", &ledger.doubled),
            ("dead letters", &ledger.dead),
            ("runs with broken steps", &ledger.broken),
        ] {
            for finding in findings.iter().take(SHOWN) {
                println!("{title}: {finding}");
            }
        }
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for struck in &self.struck {
            *times.entry(struck.strike.fault.kind()).or_default() += 1;
        }
        let times: Vec<String> = times.iter().map(|(fault, count)| format!("{fault} {count}")).collect();
        println!("faults: {}: {}", self.struck.len(), times.join(", "));
        let longest = self.struck.iter().max_by_key(|struck| struck.recovered.unwrap_or(Duration::MAX));
        if let Some(longest) = longest {
            let took = longest.recovered.map_or_else(|| "NEVER".to_owned(), seconds);
            println!("longest recovery: {took} after {}", longest.strike);
        }
        println!("settled {} after the last answer", seconds(ledger.settled));
        let InVtiger { once, asked, zero, harmed } = ledger.in_vtiger;
        println!(
            "vtiger: {once} leads once, {} need attention ({asked} without a unique value, {zero} under the number 0); \
             {harmed} calls met a fault",
            asked + zero
        );
        println!(
            "seed {}: {accepted} accepted, {refused} refused, {unknown} unknown; lost {}, doubled {}, dead {}, broken {}",
            self.seed,
            ledger.lost.len(),
            ledger.doubled.len(),
            ledger.dead.len(),
            ledger.broken.len()
        );
        let calm = self.struck.iter().all(|struck| struck.recovered.is_some() && struck.complaints.is_empty());
        let passed = calm && ledger.is_clean() && accepted > 0 && !self.struck.is_empty();
        println!("{}", if passed { "PASSED" } else { "FAILED" });
        passed
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
