//! The vtiger in which some leads end, and what is done to it.

use std::time::Duration;

use postern_vtiger::{Fault, Variant, Vtiger};
use serde_json::Value;
use tokio::time::sleep;

/// The leads that many others add to are this one and the following ones.
pub const FIRST_SHARED: u64 = 1_001;
/// How many there are: few, so that runs meet on them.
pub const SHARED: u64 = 20;

/// How long a slow call waits before it is done. None is under way any more when the next thing happens.
const SLOW: Duration = Duration::from_secs(2);

/// How long an answer is late: past the time that a worker waits for a call (20 s).
const LATE: Duration = Duration::from_secs(25);

/// As often as it comes.
const ALWAYS: usize = usize::MAX;

/// What is done to vtiger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// It refuses connections.
    Away,
    /// Calls under way break off, done or not.
    Killed,
    /// It takes connections and does nothing; what was sent is done afterwards.
    Frozen,
    /// It closes connections, some before a call and some after it.
    Cut,
    /// Sessions are collected.
    SessionsLost,
    /// PHP fails, some times before a call and some after it.
    Html,
    /// Calls are done, and their answers come when nobody waits for them.
    LateAnswers,
    Slow,
    /// Rows are written under the number 0.
    ZeroIds,
}

impl Trouble {
    pub const ALL: [Self; 9] = [
        Self::Away,
        Self::Killed,
        Self::Frozen,
        Self::Cut,
        Self::SessionsLost,
        Self::Html,
        Self::LateAnswers,
        Self::Slow,
        Self::ZeroIds,
    ];

    /// The name in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Away => "vtiger away",
            Self::Killed => "kill -9 vtiger",
            Self::Frozen => "freeze vtiger",
            Self::Cut => "vtiger hangs up",
            Self::SessionsLost => "vtiger loses sessions",
            Self::Html => "vtiger answers with HTML",
            Self::LateAnswers => "vtiger answers too late",
            Self::Slow => "slow vtiger",
            Self::ZeroIds => "vtiger gives the number 0",
        }
    }
}

/// A vtiger with the leads that are shared.
pub struct Crm {
    vtiger: Vtiger,
}

impl Crm {
    pub async fn start() -> Self {
        let vtiger = Vtiger::start(Variant::A).await;
        vtiger.crm().set_last(FIRST_SHARED - 1);
        for expected in FIRST_SHARED..FIRST_SHARED + SHARED {
            assert_eq!(vtiger.crm().add("Leads", &[("lastname", "shared")]), expected);
        }
        Self { vtiger }
    }

    pub fn url(&self) -> String {
        self.vtiger.url()
    }

    /// Does it, and heals it.
    pub async fn harm_and_heal(&self, trouble: Trouble, lasts: Duration) {
        let vtiger = &self.vtiger;
        let each_time = |rules: &[(&str, Fault, usize)]| {
            rules.iter().for_each(|(operation, fault, every)| vtiger.fault(operation, *fault, *every, ALWAYS));
        };
        match trouble {
            Trouble::Away => vtiger.go_away(),
            Trouble::Killed => {
                // Some calls are done and some are not when they break off.
                each_time(&[("create", Fault::SilentAfter(LATE), 2), ("*", Fault::Slow(LATE), 2)]);
                sleep(lasts).await;
                vtiger.kill();
                vtiger.heal();
            }
            Trouble::Frozen => vtiger.freeze(true),
            Trouble::Cut => each_time(&[("*", Fault::HangUpAfter, 3), ("*", Fault::HangUpBefore, 3)]),
            Trouble::SessionsLost => each_time(&[("*", Fault::LoseSession, 3)]),
            Trouble::Html => each_time(&[("*", Fault::BrokenAfter, 3), ("*", Fault::BrokenBefore, 3)]),
            // A few: each holds one of the sessions of its worker.
            Trouble::LateAnswers => vtiger.fault("create", Fault::SilentAfter(LATE), 2, 3),
            Trouble::Slow => each_time(&[("*", Fault::Slow(SLOW), 2)]),
            Trouble::ZeroIds => vtiger.fault("create", Fault::ZeroId, 3, 3),
        }
        sleep(lasts).await;
        vtiger.heal();
        vtiger.freeze(false);
        match trouble {
            Trouble::Away | Trouble::Killed => vtiger.come_back().await,
            Trouble::Slow => sleep(SLOW).await,
            _ => {}
        }
    }

    /// The records of a module, without those whose number is 0.
    pub fn records(&self, module: &str) -> Vec<Value> {
        let mut records = self.vtiger.records(module);
        records.retain(|record| !record["id"].as_str().unwrap().ends_with("x0"));
        records
    }

    /// The values of a field of all records of a module that were ever written under the number 0.
    pub fn zeros(&self, module: &str, field: &str) -> Vec<String> {
        let crm = self.vtiger.crm();
        let of_module = crm.zeros().iter().filter(|record| record.module == module);
        of_module.map(|record| record.fields.get(field).cloned().unwrap_or_default()).collect()
    }

    /// How many calls something went wrong with, without those for which it was away.
    pub fn harmed(&self) -> usize {
        self.vtiger.harmed()
    }
}
