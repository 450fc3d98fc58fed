//! The attacking client: this program once more, held to half a core, so that it is not its hunger for the processor
//! that harms the honest caller. It ends with the process that has started it.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use futures_util::future::{join, join_all};
use tokio::sync::oneshot;

use crate::attacks::{Against, Attack};
use crate::control_group::{ControlGroup, confined};

/// Between two looks of an attacker without a control group at its own processor time.
const LOOK: Duration = Duration::from_millis(10);

/// How long attacks may take to be in force. One that is kept from it has begun all the same.
const BEGIN: Duration = Duration::from_secs(30);

/// What the process prints when all its attacks are in force.
const IN_FORCE: &str = "in force";

/// Ticks of the processor time in `/proc/PID/stat`, a second: the same on all systems (`USER_HZ`).
const TICKS: f64 = 100.0;

/// What the hidden arguments of the attacking process say.
#[derive(Debug, clap::Args)]
pub struct AttackArguments {
    /// Attacks instead of measuring.
    #[arg(long = "attack", hide = true, requires = "public", requires = "private")]
    attacks: Vec<Attack>,
    #[arg(long, hide = true)]
    public: Option<SocketAddr>,
    #[arg(long, hide = true)]
    private: Option<SocketAddr>,
    /// Sleeps when it has used more than half of a core.
    #[arg(long, hide = true)]
    paces_itself: bool,
}

/// A running attacker; killed when dropped.
pub struct Attacker {
    child: Child,
    // Dropped after the process.
    _group: Option<ControlGroup>,
}

impl Attacker {
    /// Returns when all attacks are in force.
    pub async fn start(attacks: &[Attack], against: Against) -> Self {
        let group = ControlGroup::of_half_a_core();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--public", &against.public.to_string(), "--private", &against.private.to_string()]);
        command.args(attacks.iter().map(|attack| format!("--attack={}", attack.name())));
        if group.is_none() {
            command.arg("--paces-itself");
        }
        let mut command = confined(&command, group.as_ref(), None);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            said.read_line(&mut line).map(|_| line)
        });
        assert_eq!(line.await.unwrap().unwrap().trim(), IN_FORCE, "the attacker has ended");
        Self { child, _group: group }
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl AttackArguments {
    pub fn are_given(&self) -> bool {
        !self.attacks.is_empty()
    }

    /// Attacks until the process that has started this one closes its end of standard input, or ends. One thread: its
    /// processor time is that of the process.
    pub fn attack(&self) {
        thread::spawn(|| {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(0);
        });
        let against = Against { public: self.public.unwrap(), private: self.private.unwrap() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            // A task for each: in one task those that are never done would leave the others no turn.
            let (all, begun): (Vec<_>, Vec<_>) = (self.attacks.iter())
                .map(|&attack| {
                    let (in_force, begun) = oneshot::channel();
                    (tokio::spawn(async move { attack.run(against, in_force).await }), begun)
                })
                .unzip();
            let told = async {
                let _ = tokio::time::timeout(BEGIN, join_all(begun)).await;
                println!("{IN_FORCE}");
            };
            let attacks = join(join_all(all), told);
            match self.paces_itself {
                true => drop(join(attacks, pace()).await),
                false => drop(attacks.await),
            }
        });
    }
}

/// Lets this thread, and with it all attacks, sleep whenever they have used more than half of the time.
async fn pace() {
    loop {
        let (begin, before) = (Instant::now(), processor_time());
        tokio::time::sleep(LOOK).await;
        let used = processor_time().saturating_sub(before);
        thread::sleep((used * 2).saturating_sub(begin.elapsed()));
    }
}

/// User and system time of this process: fields 14 and 15, counted behind its name, which may hold anything.
fn processor_time() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1.split_whitespace().skip(11).take(2);
    Duration::from_secs_f64(fields.map(|field| field.parse::<f64>().unwrap()).sum::<f64>() / TICKS)
}
