//! What each process may do in the database, as one table: what its statements need, and no more. README.md shows the
//! table; a test compares. A statement that needs more fails in every test, since tests run each process as its role.

use std::fmt::Write;

use super::Process::{self, Control, Ingress, Worker};

/// A right on a table or a view, for these columns; an empty text stands for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// To read.
    Read(&'static str),
    /// To add rows.
    Add(&'static str),
    /// To change rows, and to lock them.
    Change(&'static str),
    /// To remove rows.
    Remove,
}

use Right::{Add, Change, Read, Remove};

/// What a process may do to tell that it is up.
const PRESENCE: &[Right] = &[
    Read(""),
    Add("instance, service, name, settings_version, unopened_secrets, away"),
    Change("settings_version, unopened_secrets, away, seen_at"),
    Remove,
];

/// Rights on tables and views.
const TABLES: &[(Process, &str, &[Right])] = &[
    (Ingress, "schema_migrations", &[Read("number")]),
    (Ingress, "schema_versions", &[Read("number, oldest_reader")]),
    (Ingress, "settings", &[Read("version")]),
    (Ingress, "permissions", &[Read("key, document")]),
    (Ingress, "secrets", &[Read("name, key, value")]),
    (Ingress, "spool", &[Read("lane, due_at"), Add("lane, kind, body, attempt, due_at")]),
    (Ingress, "batch_receipts", &[Read(""), Add("permission, key, receipts"), Change("made_at")]),
    (Ingress, "answered", &[Add("instance, hour, numbers")]),
    (Ingress, "processes", PRESENCE),
    (
        Ingress,
        "refused_bodies",
        &[
            Read("id, permission, refused_at, kept_bytes"),
            Add(
                "permission, address, code, message, query, content_type, body, refused_at, idempotency_key, headers, \
                 method, path, proof",
            ),
            Remove,
        ],
    ),
    (Ingress, "digest_queue", &[Add("receipts, records, refused_bodies")]),
    (Ingress, "rejected_callers", &[Read(""), Add(""), Change("reason, count, last_at"), Remove]),
    (
        Ingress,
        "receipts",
        &[Read(
            "id, permission, workflow, trigger, accepted_at, skipped, duplicate_of, unread, unposted, dropped_files",
        )],
    ),
    (Ingress, "runs", &[Read("")]),
    (Ingress, "run_steps", &[Read("")]),
    (Ingress, "responses", &[Read("receipt, status, content_type, body")]),
    (Ingress, "dead_letters", &[Read("id, receipt, permission, reason")]),
    (Ingress, "discarded_letters", &[Read("")]),
    (Ingress, "replayed", &[Read("old, new, permission")]),
    (Worker, "schema_migrations", &[Read("number")]),
    (Worker, "schema_versions", &[Read("number, oldest_reader")]),
    (Worker, "settings", &[Read("version")]),
    (Worker, "modules", &[Read("name, document")]),
    (Worker, "connections", &[Read("name, document")]),
    (
        Worker,
        "connection_checks",
        &[Read("id, connection, version, asked_at, taken_at, module"), Change("taken_at, is_fine, message")],
    ),
    (
        Worker,
        "described_modules",
        &[
            Read(""),
            Add("connection, module, description, described_at, tried_at"),
            Change("description, described_at, tried_at"),
            Remove,
        ],
    ),
    (
        Worker,
        "connected_records",
        &[Read(""), Add("connection, module, id, hash"), Change("last_at, hash, gone_at"), Remove],
    ),
    (Worker, "secrets", &[Read("name, key, value")]),
    (Worker, "variables", &[Read("name, value")]),
    (Worker, "counters", &[Read(""), Add(""), Change("last")]),
    (Worker, "notice_settings", &[Read(""), Change("looked_at")]),
    (Worker, "notices", &[Read(""), Add("cause, channel, count"), Change("seen_at, count, tried_at, told_at"), Remove]),
    (Worker, "workflows", &[Read("id, version")]),
    (Worker, "workflow_versions", &[Read("workflow, version, document")]),
    (
        Worker,
        "receipts",
        &[
            Read("id, accepted_at, ip, env, query, request, duplicate_of, runs, waits, unmatched, permission, skipped"),
            Add(""),
            Change("unmatched, skipped"),
            Remove,
        ],
    ),
    (
        Worker,
        "runs",
        &[
            Read(""),
            Add(""),
            Change(
                "version, state, steps_taken, steps, message, started_at, ended_at, replaced_by, handled_by, dismissed_by, \
                 failed_at, failure",
            ),
            Remove,
        ],
    ),
    (
        Worker,
        "jobs",
        &[Read(""), Change("state, done, failed, obstacle, receipt, number, paced_at, started_at, ended_at")],
    ),
    (Worker, "run_steps", &[Read("receipt, run"), Add(""), Remove]),
    (Worker, "run_results", &[Read(""), Add("receipt, run, document"), Remove]),
    (Worker, "run_counters", &[Read(""), Add(""), Change("last")]),
    (
        Worker,
        "checkpoints",
        &[
            Read(""),
            Add("receipt, run, workflow, document, record, connected, waits_for_turn, gate, awaits, queued"),
            Change("revision, document, waits_for_turn, decision, gate, awaits, queued"),
            Remove,
        ],
    ),
    (Worker, "outside_calls", &[Read(""), Add("receipt, run, step"), Change("intent_at, done_at"), Remove]),
    (
        Worker,
        "records",
        &[Read(""), Add("id, module, unique_key, fields"), Change("unique_key, fields, updated_at"), Remove],
    ),
    (Worker, "comments", &[Read("record"), Add("record, receipt, run, step, text"), Remove]),
    (
        Worker,
        "digest_queue",
        &[
            Read(""),
            Add(
                "receipts, records, dead_letters, touching, touched, touching_connected, touched_connected, steps, failures, \
                 gone_connected",
            ),
            Remove,
        ],
    ),
    (Worker, "refused_bodies", &[Read("id, address, content_type, body, idempotency_key")]),
    (Worker, "refused_body_keys", &[Add("")]),
    (Worker, "dead_letter_keys", &[Add("")]),
    (Worker, "step_statistics", &[Read(""), Add(""), Change("count, failures, durations"), Remove]),
    (Worker, "failure_groups", &[Read(""), Add(""), Change("count, newest, newest_run"), Remove]),
    (Worker, "search_secret", &[Read("key")]),
    (Worker, "forgettings", &[Read("id, at, named")]),
    (Worker, "search_keys", &[Add("")]),
    (Worker, "record_keys", &[Read("record"), Add(""), Remove]),
    (Worker, "claims", &[Read(""), Add(""), Change("receipt, run, expires_at"), Remove]),
    (
        Worker,
        "spool",
        &[Read(""), Add("lane, kind, body, attempt, due_at, target, workflow"), Change("lease, due_at"), Remove],
    ),
    (Worker, "responses", &[Read("created_at"), Add("receipt, status, content_type, body"), Remove]),
    (
        Worker,
        "dead_letters",
        &[
            Read("id, receipt, created_at, kind, body"),
            Add("receipt, kind, body, reason, attempt, permission, target"),
            Remove,
        ],
    ),
    (Worker, "replayed", &[Read("old, new, at"), Remove]),
    (Worker, "audit_log", &[Read("action, kind, key")]),
    (Worker, "batch_receipts", &[Read("made_at"), Remove]),
    (Worker, "answered", &[Read(""), Add(""), Remove]),
    (Worker, "processes", PRESENCE),
    (Worker, "arrived", &[Read(""), Add(""), Remove]),
    (Worker, "dry_runs", &[Read(""), Change("taken, answer"), Remove]),
    (Control, "schema_migrations", &[Read("number")]),
    (Control, "schema_versions", &[Read("number, oldest_reader")]),
    (Control, "settings", &[Read("version"), Change("version")]),
    (Control, "permissions", &[Read(""), Add("key, document"), Change("document, text, changed_at"), Remove]),
    (Control, "triggers", &[Read(""), Add("key, document"), Change("document, text, changed_at"), Remove]),
    (Control, "connection_checks", &[Read(""), Add("connection, version, module"), Remove]),
    (Control, "described_modules", &[Read("")]),
    (Control, "connected_records", &[Read("")]),
    (Control, "connections", &[Read(""), Add("name, document"), Change("document, text, changed_at"), Remove]),
    (Control, "modules", &[Read(""), Add("name, document"), Change("document, text, changed_at"), Remove]),
    (Control, "secrets", &[Read(""), Add("name, key, value"), Change("key, value, changed_at"), Remove]),
    (Control, "variables", &[Read(""), Add("name, value"), Change("value, changed_at"), Remove]),
    (Control, "notice_settings", &[Read("is_only, document"), Add("document"), Change("document")]),
    (Control, "notices", &[Read("")]),
    (Control, "workflows", &[Read(""), Add(""), Change("version"), Remove]),
    (Control, "workflow_versions", &[Read(""), Add("workflow, version, document"), Change("text")]),
    (
        Control,
        "workflow_drafts",
        &[
            Read(""),
            Add("workflow, account, base_version, text"),
            Change("base_version, text, undo, redo, changed_at"),
            Remove,
        ],
    ),
    (Control, "dry_runs", &[Read(""), Add("request"), Remove]),
    (Control, "test_calls", &[Read(""), Add("workflow, account, receipt"), Change("receipt, chosen_at"), Remove]),
    // Locking a table needs the right to change all of it.
    (Control, "records", &[Read(""), Change("")]),
    (Control, "comments", &[Read(""), Change("text")]),
    (
        Control,
        "receipts",
        &[Read(""), Change("unmatched, env, query, request, skipped, unread, unposted, dropped_files"), Remove],
    ),
    (
        Control,
        "runs",
        &[
            Read(""),
            Add(
                "receipt, number, workflow, version, state, steps_taken, record, connected, started_at, parent, parent_step, \
                 item, replays, job",
            ),
            Change("state, message, replaced_by, dismissed_by, steps, ended_at"),
        ],
    ),
    (Control, "run_steps", &[Read(""), Change("steps")]),
    (Control, "run_results", &[Read(""), Change("document")]),
    (Control, "run_counters", &[Read(""), Add(""), Change("last")]),
    (
        Control,
        "checkpoints",
        &[
            Read(""),
            Add("receipt, run, workflow, document, record, connected, gate"),
            Change("revision, decision, document, waits_for_turn, gate, awaits, queued"),
            Remove,
        ],
    ),
    (Control, "jobs", &[Read(""), Add("kind, filter, rate, account, total"), Change("state, ended_at")]),
    (Control, "outside_calls", &[Read("receipt, run, step, done_at"), Remove]),
    (Control, "step_statistics", &[Read("")]),
    (Control, "failure_groups", &[Read("")]),
    (
        Control,
        "digest_queue",
        &[
            Read("id, failures"),
            Add(
                "receipts, records, touching, touched, touching_connected, touched_connected, steps, failures, gone_connected",
            ),
        ],
    ),
    (Control, "search_secret", &[Read("key")]),
    (Control, "refused_body_keys", &[Read(""), Remove]),
    (Control, "dead_letter_keys", &[Read(""), Remove]),
    (Control, "search_keys", &[Read(""), Add(""), Remove]),
    (Control, "record_keys", &[Read(""), Remove]),
    (Control, "claims", &[Read(""), Change("receipt, run"), Remove]),
    (Control, "responses", &[Read(""), Change("content_type, body")]),
    (Control, "batch_receipts", &[Read(""), Change("key"), Remove]),
    (Control, "forgettings", &[Read(""), Add("account, named"), Change("found, finished_at, elsewhere")]),
    (Control, "spool", &[Read(""), Add("lane, kind, body, attempt, due_at, target, workflow"), Change("body")]),
    (Control, "dead_letters", &[Read(""), Change("body, reason, target"), Remove]),
    (Control, "discarded_letters", &[Read("")]),
    (Control, "replayed", &[Read(""), Add("old, new, permission"), Change("old")]),
    (
        Control,
        "refused_bodies",
        &[
            Read(""),
            Change("code, message, tried_at, query, path, content_type, idempotency_key, headers, body"),
            Remove,
        ],
    ),
    (Control, "rejected_callers", &[Read("")]),
    (Control, "answered", &[Read(""), Add("instance, hour, numbers")]),
    (Control, "processes", &[Read("")]),
    (Control, "arrived", &[Read("instance, numbers, lag, at")]),
    (Control, "audit_log", &[Read(""), Add("account, action, kind, key, document"), Change("key, document")]),
    (
        Control,
        "accounts",
        &[Read(""), Add("name, password, role"), Change("password, role, needs_second_factor"), Remove],
    ),
    (
        Control,
        "second_factors",
        &[Read(""), Add("account, secret, last_step"), Change("last_step, wrong_codes, wrong_at"), Remove],
    ),
    (Control, "recovery_codes", &[Read(""), Add("account, hash"), Remove]),
    (Control, "pending_log_ins", &[Read(""), Add("token, account, expires_at"), Remove]),
    (Control, "sessions", &[Read(""), Add("token, account, expires_at, with_code"), Change("with_code"), Remove]),
    (Control, "tokens", &[Read(""), Add("name, hash, role"), Change("last_used_at"), Remove]),
    (Control, "set_up_keys", &[Read(""), Add("hash"), Remove]),
    (Control, "log_in_guesses", &[Read(""), Add(""), Change("wrong, last_at"), Remove]),
    (Control, "log_in_names", &[Read(""), Add(""), Change("back_at"), Remove]),
    (Control, "log_in_callers", &[Read(""), Add("name, caller"), Change("at"), Remove]),
];

/// Functions that only these processes may call. Other functions of Postern need no right, and give none.
const FUNCTIONS: &[(Process, &str)] = &[
    (Ingress, "postern_try_spool(smallint)"),
    (Ingress, "postern_stop_message(bigint, integer, text)"),
    (Ingress, "postern_altered(uuid)"),
    (Control, "postern_altered(uuid)"),
    (Worker, "postern_make_partitions(integer)"),
    (Worker, "postern_retire(text, text)"),
    (Worker, "postern_reap(timestamptz, integer)"),
    (Worker, "postern_reap_steps(timestamptz, integer)"),
];

/// Sequences of which these processes take numbers by themselves.
const SEQUENCES: &[(Process, &str)] = &[(Worker, "records_id_seq")];

/// The statements that give a process its rights as this role.
pub(super) fn statements(process: Process, role: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (_, table, rights) in TABLES.iter().filter(|(of, ..)| *of == process) {
        all.extend(rights.iter().map(|right| grant(*right, table, role)));
    }
    for (_, function) in FUNCTIONS.iter().filter(|(of, _)| *of == process) {
        all.push(format!("-- grants::grant\nGRANT EXECUTE ON FUNCTION {function} TO {role}"));
    }
    for (_, sequence) in SEQUENCES.iter().filter(|(of, _)| *of == process) {
        all.push(format!("-- grants::grant\nGRANT USAGE ON SEQUENCE {sequence} TO {role}"));
    }
    all
}

/// The tables and views on which there are rights.
pub(super) fn tables() -> Vec<&'static str> {
    TABLES.iter().map(|(_, table, _)| *table).collect()
}

fn grant(right: Right, table: &str, role: &str) -> String {
    let of = |columns: &str| if columns.is_empty() { String::new() } else { format!(" ({columns})") };
    let right = match right {
        Read(columns) => format!("SELECT{}", of(columns)),
        Add(columns) => format!("INSERT{}", of(columns)),
        Change(columns) => format!("UPDATE{}", of(columns)),
        Remove => format!("DELETE{}", of("")),
    };
    format!("-- grants::grant\nGRANT {right} ON TABLE {table} TO {role}")
}

/// The table of README.md.
pub fn table() -> String {
    let mut text = String::from("| process | on | reads | adds | changes | removes |\n|---|---|---|---|---|---|\n");
    for (process, table, rights) in TABLES {
        let cell = |pick: fn(&Right) -> Option<&'static str>| match rights.iter().find_map(pick) {
            None => "",
            Some("") => "all",
            Some(columns) => columns,
        };
        let reads = cell(|right| if let Read(columns) = right { Some(columns) } else { None });
        let adds = cell(|right| if let Add(columns) = right { Some(columns) } else { None });
        let changes = cell(|right| if let Change(columns) = right { Some(columns) } else { None });
        let removes = if rights.contains(&Remove) { "yes" } else { "" };
        let _ = writeln!(text, "| {} | `{table}` | {reads} | {adds} | {changes} | {removes} |", process.word());
    }
    for (process, function) in FUNCTIONS {
        let _ = writeln!(text, "| {} | `{function}` | calls it |  |  |  |", process.word());
    }
    for (process, sequence) in SEQUENCES {
        let _ = writeln!(text, "| {} | `{sequence}` | takes numbers |  |  |  |", process.word());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(process: Process, table: &str) -> Vec<Right> {
        TABLES
            .iter()
            .filter(|(of, name, _)| (*of, *name) == (process, table))
            .flat_map(|(.., all)| *all)
            .copied()
            .collect()
    }

    #[test]
    fn each_table_stands_once_for_each_process() {
        for (at, (process, table, rights)) in TABLES.iter().enumerate() {
            assert!(!rights.is_empty(), "{table}");
            let again = TABLES[..at].iter().any(|(of, name, _)| (of, name) == (process, table));
            assert!(!again, "{process:?} {table}");
        }
    }

    #[test]
    fn ingress_has_no_right_on_what_it_must_not_see() {
        for table in [
            "records",
            "comments",
            "checkpoints",
            "accounts",
            "sessions",
            "tokens",
            "audit_log",
            "modules",
            "connections",
        ] {
            assert_eq!(of(Ingress, table), [], "{table}");
        }
        for (table, column) in [("receipts", "env"), ("receipts", "query"), ("spool", "body"), ("dead_letters", "body")]
        {
            let reads =
                of(Ingress, table).into_iter().find_map(|right| if let Read(all) = right { Some(all) } else { None });
            let columns: Vec<&str> = reads.unwrap().split(", ").collect();
            assert!(columns != [""] && !columns.contains(&column), "{table} {column}");
        }
    }

    #[test]
    fn a_right_is_a_statement() {
        assert_eq!(grant(Read(""), "runs", "r"), "-- grants::grant\nGRANT SELECT ON TABLE runs TO r");
        assert_eq!(grant(Change("a, b"), "runs", "r"), "-- grants::grant\nGRANT UPDATE (a, b) ON TABLE runs TO r");
        assert_eq!(
            statements(Worker, "r").last().unwrap(),
            "-- grants::grant\nGRANT USAGE ON SEQUENCE records_id_seq TO r"
        );
    }
}
