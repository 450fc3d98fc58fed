//! A database role for each process: it may do its work and nothing beside it. All other tests run each process as its
//! role as well; here the command makes the roles.

use std::io::Write;

use tempfile::NamedTempFile;
use tokio_postgres::{Client, NoTls};

use crate::cli::Cli;
use crate::harness::mail_server::MailServer;
use crate::harness::outside::Outside;
use crate::harness::servers::Servers;
use crate::harness::{Postern, eventually, private};
use crate::panel::visitor::{PASSWORD, Visitor};

/// Every task once, a run that waits and a run that another one starts.
const SETTINGS: &str = "
permission: test
addresses: 127.0.0.1
workflows: [1]
---
workflow: 1
start: {module: Leads, without_record: true, next: usable}
steps:
  usable: {condition: '$env[\"n\"]', then: make}
  make: {create_record: Leads, unique: '$env[\"n\"]', fields: {n: '$env[\"n\"]'}, store_id: lead, created: set, existing: set}
  set: {set_env: {twice: '$env[\"n\"]$env[\"n\"]'}, next: change}
  change: {set_value: {twice: '$env[\"twice\"]'}, record: '$env[\"lead\"]', next: find}
  find: {find_record: Leads, where: {n: {is: '$env[\"n\"]'}}, store_id: found, found: say}
  say: {comment: 'found $env[\"found\"]', record: '$env[\"lead\"]', next: answer}
  answer: {respond: 201, json: {lead: '$env[\"lead\"]'}, next: pause}
  pause: {delay: {for: 200ms}, next: call}
  call: {http_request: '$env[\"url\"]', any_host: true, store: answer, next: mail}
  mail: {send_mail: ada@example.org, subject: New, text: lead, next: child}
  child: {run_workflow: 2, next: gone}
  gone: {delete_record: true, record: '$env[\"lead\"]', next: end}
  end: {stop: failed, message: 'on purpose'}
---
workflow: 2
start: {without_record: true, next: make}
steps: {make: {create_record: Children}}
";

/// Servers for whose processes the command has made roles, and the files of their passwords.
async fn made() -> (Servers, Vec<NamedTempFile>) {
    let mut servers = Servers::new().await;
    servers.role_prefix = servers.name().to_owned();
    servers.role_password = "a password of the tests".replace(' ', "-");
    let mut files = Vec::new();
    let mut words = format!("migrate --roles --role-prefix {}", servers.role_prefix);
    for process in ["ingress", "worker", "control"] {
        let mut file = NamedTempFile::new().unwrap();
        writeln!(file, "{}", servers.role_password).unwrap();
        words += &format!(" --{process}-password-file {}", file.path().display());
        files.push(file);
    }
    let told = Cli::on(&servers.database_url).run(&words).text();
    assert!(told.contains(&format!("the role {}_ingress made", servers.role_prefix)), "{told}");
    assert!(!told.contains(&servers.role_password), "{told}");
    (servers, files)
}

/// A session as the role of a process.
async fn session(servers: &Servers, process: &str) -> Client {
    let url = servers.database_url_of(&format!("postern-{process}"));
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Fails unless the server refuses every statement for want of a right.
async fn all_refused(client: &Client, statements: &[&str]) {
    for statement in statements {
        let refused = client.batch_execute(statement).await.expect_err(statement);
        assert_eq!(refused.code().unwrap().code(), "42501", "{statement}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_of_every_kind_pass_with_a_role_for_each_process() {
    let (servers, _files) = made().await;
    let mail = MailServer::start().await;
    let outside = Outside::start().await;
    let mut postern = Postern::on(servers, SETTINGS, &[("POSTERN_ADMIN_PASSWORD", PASSWORD)]).await;
    let url = mail.url();
    let environment = [
        ("POSTERN_ALLOWED_TARGETS", "127.0.0.0/8"),
        ("POSTERN_SMTP_URL", url.as_str()),
        ("POSTERN_MAIL_FROM", "Postern <leads@example.com>"),
    ];
    postern.start_worker_with(&environment).await;
    let post = async |n: u32| {
        let form = format!("n={n}&url={}", outside.url("/leads").replace(':', "%3A").replace('/', "%2F"));
        postern.post("/trigger?workflow_id=1").form(form).header("prefer", "wait=20").send().await
    };
    for n in 1..=3 {
        let answer = post(n).await;
        assert_eq!(answer.status, 201, "{answer:?}\n{}", postern.workers[0].log());
        let receipt = postern.ended(&answer).await;
        let end = &receipt["runs"][0];
        assert_eq!(end["message"], "on purpose", "{receipt}");
        // Callers are told what a `stop` says, and nothing of what was posted.
        let told = postern.call("GET", &answer.header("location")).send().await;
        assert_eq!(told.json["runs"][0]["message"], "on purpose", "{}", told.json);
    }
    assert_eq!((mail.got().len(), outside.got().len()), (3, 3));
    assert_eq!(postern.records("Children").await.len(), 3);
    let refused = postern.post("/trigger?workflow_id=1").json("[1]").send().await;
    assert_eq!(refused.code(), "invalid_body");
    assert_eq!(postern.post("/trigger").from("127.0.0.2").form("n=1").send().await.status, 403);
    eventually("what is refused is written", async || {
        let kept = postern.count("SELECT count(*) FROM refused_bodies").await;
        let counted = postern.count("SELECT count(*) FROM rejected_callers").await;
        ((kept, counted) == (1, 1)).then_some(())
    })
    .await;
    let mut visitor = Visitor::logged_in(&mut postern).await;
    for path in
        ["/", "/runs", "/records?module=Children", "/dead-letters", "/refused", "/audit", "/accounts", "/modules"]
    {
        let page = visitor.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
    }
    for process in [&postern.ingress, &postern.control, &postern.workers[0]] {
        assert!(!process.log().contains("42501"), "{}", process.log());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_broker_the_roles_carry_leads_and_make_partitions() {
    let (servers, _files) = made().await;
    let mut postern = Postern::on(servers, SETTINGS, &[("AMQP_URL", "amqp://127.0.0.1:1")]).await;
    assert_eq!(postern.post("/trigger?workflow_id=1").form("n=1").send().await.status, 202);
    assert_eq!(postern.count("SELECT count(*) FROM spool").await, 1);
    let ready = private(&mut postern.ingress, "/health/ready").await;
    assert_eq!(ready.0, 200, "{ready:?}");
    // Those of the last week that is made ahead.
    let week = "SELECT max(right(part, 8))::bigint FROM postern_weeks('receipts')";
    let week = postern.count(week).await;
    let partitions = format!("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE '%{week}'");
    assert_eq!(postern.count(&partitions).await, 7);
    for table in ["receipts", "runs", "run_steps", "run_counters", "checkpoints", "outside_calls", "search_keys"] {
        postern.sql(&format!("DROP TABLE {table}_{week}")).await;
    }
    postern.start_worker().await;
    eventually("the lead has run", async || (postern.count("SELECT count(*) FROM records").await == 1).then_some(()))
        .await;
    eventually("the partitions are there again", async || (postern.count(&partitions).await == 7).then_some(())).await;
}

/// What ingress has no right to.
const INGRESS_MAY_NOT: &[&str] = &[
    "SELECT fields FROM records",
    "SELECT env FROM receipts",
    "SELECT query FROM receipts",
    "SELECT request FROM receipts",
    "SELECT * FROM receipts",
    "SELECT body FROM spool",
    "DELETE FROM spool",
    "UPDATE spool SET due_at = now()",
    "SELECT body FROM refused_bodies",
    "SELECT body FROM dead_letters",
    "SELECT name FROM accounts",
    "SELECT token FROM sessions",
    "INSERT INTO sessions (token, account, expires_at) VALUES ('x', 1, now())",
    "SELECT hash FROM tokens",
    "SELECT document FROM audit_log",
    "SELECT document FROM workflow_versions",
    "SELECT document FROM checkpoints",
    "UPDATE permissions SET document = '{}'",
    "UPDATE settings SET version = 1",
    "SELECT postern_make_partitions(9)",
    "SELECT nextval('records_id_seq')",
];

/// What a worker has no right to.
const WORKER_MAY_NOT: &[&str] = &[
    "SELECT name FROM accounts",
    "SELECT token FROM sessions",
    "SELECT hash FROM tokens",
    "SELECT hash FROM search_keys",
    "SELECT document FROM audit_log",
    "SELECT document FROM permissions",
    "SELECT query FROM refused_bodies",
    "DELETE FROM refused_bodies",
    "UPDATE workflows SET version = 1",
    "SELECT postern_try_spool(0::smallint)",
];

/// What control has no right to.
const CONTROL_MAY_NOT: &[&str] = &[
    "UPDATE receipts SET permission = ''",
    "UPDATE forgettings SET named = '[]'",
    "DELETE FROM audit_log",
    "UPDATE audit_log SET account = ''",
    "DELETE FROM spool",
];

/// What nobody but the owner may do.
const NO_ROLE_MAY: &[&str] = &[
    "CREATE TABLE t (n integer)",
    "CREATE TEMPORARY TABLE t (n integer)",
    "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA s",
    "CREATE ROLE another_role_of_the_tests",
    "ALTER TABLE runs ADD COLUMN n integer",
    "DROP TABLE receipts",
    "DROP FUNCTION postern_uuid_floor(timestamptz)",
    "TRUNCATE runs",
    "CREATE INDEX ON runs (state)",
    "CREATE TRIGGER t AFTER INSERT ON runs EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "INSERT INTO schema_migrations (number) VALUES (9999)",
    "UPDATE process_roles SET role = 'r'",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_role_sees_or_makes_more_than_it_needs() {
    let (servers, _files) = made().await;
    for (process, statements) in
        [("ingress", INGRESS_MAY_NOT), ("worker", WORKER_MAY_NOT), ("control", CONTROL_MAY_NOT)]
    {
        let client = session(&servers, process).await;
        all_refused(&client, statements).await;
        all_refused(&client, NO_ROLE_MAY).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_made_once_and_later_migrations_give_exactly_their_rights() {
    let servers = Servers::new().await;
    let cli = Cli::on(&servers.database_url);
    let words = format!("migrate --roles --role-prefix {} -o json", servers.name());
    let first = cli.run(&words).json();
    assert_eq!(first.len(), 4, "{first:?}");
    let passwords: Vec<&str> = first[1..].iter().map(|made| made["password"].as_str().unwrap()).collect();
    assert!(passwords.iter().all(|password| password.len() > 20) && passwords[0] != passwords[1], "{first:?}");
    let again = cli.run(&words).json();
    assert!(again[1..].iter().all(|made| made["made"] == false && made["password"].is_null()), "{again:?}");
    let user = format!("{}_ingress", servers.name());
    let url = servers.database_url_as(&user, passwords[0]);
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let owner = session(&servers, "owner").await;
    owner
        .batch_execute(&format!("GRANT SELECT ON accounts TO {user}; REVOKE SELECT ON permissions FROM {user}"))
        .await
        .unwrap();
    client.batch_execute("SELECT name FROM accounts").await.unwrap();
    cli.run("migrate").text();
    all_refused(&client, &["SELECT name FROM accounts"]).await;
    client.batch_execute("SELECT document FROM permissions").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_make_roles_is_told_what_to_do() {
    let servers = Servers::new().await;
    let owner = session(&servers, "owner").await;
    let (name, user) = (servers.name(), format!("{}_owner", servers.name()));
    owner.batch_execute(&format!("CREATE ROLE {user} LOGIN PASSWORD 'a-password'")).await.unwrap();
    let cli = Cli::on(&servers.database_url_as(&user, "a-password"));
    let words = format!("migrate --roles --role-prefix {name}");
    let foreign = cli.run(&words);
    assert!(foreign.code == 1, "{foreign:?}");
    let give = format!(
        "ALTER DATABASE {name} OWNER TO {user}; DO $$ DECLARE t text; BEGIN
        FOR t IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
        LOOP EXECUTE format('ALTER TABLE %s OWNER TO {user}', t); END LOOP;
        FOR t IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        LOOP EXECUTE format('ALTER FUNCTION %s OWNER TO {user}', t); END LOOP; END $$"
    );
    owner.batch_execute(&give).await.unwrap();
    let refused = cli.run(&words);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains(&format!("ALTER ROLE {user} CREATEROLE")), "{refused:?}");
    // An administrator may make the roles; then the rights need nobody but the owner.
    for process in ["ingress", "worker", "control"] {
        owner.batch_execute(&format!("CREATE ROLE {name}_{process} LOGIN PASSWORD 'a-password'")).await.unwrap();
    }
    let told = cli.run(&words).text();
    assert!(told.contains(&format!("the role {name}_worker is there, and has its rights")), "{told}");
    // A role that may do more is no role for a process.
    owner.batch_execute(&format!("ALTER ROLE {name}_worker CREATEDB")).await.unwrap();
    let refused = cli.run(&words);
    assert!(refused.code == 1 && refused.stderr.contains("it may do too much"), "{refused:?}");
}
