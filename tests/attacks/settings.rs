//! The documents that the attacks need: what the permitted attacker may run.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// The password of the account `admin`.
pub const PASSWORD: &str = "correct horse battery";

/// Asks the hanging target, with the defaults.
pub const HANGS: u64 = 101;
/// Sends a mail, with the defaults.
pub const MAILS: u64 = 102;
/// Computes for as long as a run may.
pub const COMPUTES: u64 = 103;
/// Searches in a loop.
pub const SEARCHES: u64 = 104;
/// Starts 9,000 other runs.
pub const STARTS: u64 = 105;
/// Is started by it.
const STARTED: u64 = 106;
/// Copies what was posted into many names.
pub const GROWS: u64 = 107;
/// Copies all that was posted, and waits.
pub const DELAYS: u64 = 108;

/// How often [`GROWS`] copies: a workflow has at most 1,000 steps.
const COPIES: usize = 900;

/// How many sums of 9,000 numbers a step of [`COMPUTES`] makes: with fewer a run ends by the limit of its steps.
const SUMS: usize = 40;

/// How many runs one step starts at most, and how many such steps there are.
const CHILDREN: usize = 1_000;
const STARTING_STEPS: usize = 9;

/// The module that is searched.
pub const SEARCHED: &str = "Ballast";

/// Fills it. The records are put there by SQL, since posting them would take longer than the attack.
pub const FILL: &str = "INSERT INTO records (id, module, fields)
SELECT 2000000000 + n, 'Ballast', jsonb_build_object('name', md5(n::text), 'text', repeat(md5(n::text), 8))
FROM generate_series(1, 60000) AS n";

/// The permission of the attacker and its workflows, of which one asks this target.
pub fn documents(hanging: SocketAddr) -> String {
    let (mut starting, mut copying, mut sums) = (String::new(), String::new(), String::new());
    for step in 1..=STARTING_STEPS {
        let next = if step == STARTING_STEPS { String::new() } else { format!(", next: s{}", step + 1) };
        let items = format!("'{{{{ range({CHILDREN})|list }}}}'");
        let _ = writeln!(starting, "  s{step}: {{run_workflow: {STARTED}, for_each: {items}{next}}}");
    }
    for step in 1..=COPIES {
        let next = if step == COPIES { String::new() } else { format!(", next: s{}", step + 1) };
        let _ = writeln!(copying, "  s{step}: {{set_env: {{copy{step}: '{{{{ $env[\"big\"] ~ {step} }}}}'}}{next}}}");
    }
    for value in 1..=SUMS {
        let _ = write!(sums, "x{value}: '{{{{ range(1, 9000)|sum }}}}', ");
    }
    format!(
        r#"
permission: attacker
addresses: 127.0.0.2
workflows: [{HANGS}, {MAILS}, {COMPUTES}, {SEARCHES}, {STARTS}, {GROWS}, {DELAYS}]
---
workflow: {HANGS}
start: {{without_record: true, next: ask}}
steps:
  ask: {{http_request: 'http://{hanging}/'}}
---
workflow: {MAILS}
start: {{without_record: true, next: mail}}
steps:
  mail: {{send_mail: someone@example.org, subject: Hello, text: Hello}}
---
workflow: {COMPUTES}
start: {{without_record: true, next: turn}}
steps:
  turn: {{set_env: {{{sums}}}, next: turn}}
---
workflow: {SEARCHES}
start: {{without_record: true, next: search}}
steps:
  search:
    find_record: {SEARCHED}
    where: {{text: {{contains: 'not in any record'}}}}
    found: search
    not_found: search
---
workflow: {STARTS}
start: {{without_record: true, next: s1}}
steps:
{starting}
---
workflow: {GROWS}
start: {{without_record: true, next: s1}}
steps:
{copying}
---
{}
"#,
        short()
    )
}

/// The workflow that ends at once, and the one that copies and waits: so long that many of its runs do so at a time.
fn short() -> String {
    format!(
        r#"
workflow: {STARTED}
start: {{without_record: true, next: end}}
steps:
  end: {{stop: finished}}
---
workflow: {DELAYS}
start: {{without_record: true, next: copy}}
steps:
  copy: {{set_env: {{copy: '$env["big"]'}}, next: wait}}
  wait: {{delay: {{for: 2s}}}}
"#
    )
}
