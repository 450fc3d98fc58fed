//! What the leads run: one workflow for each kind of effect that could be lost or doubled.

use std::net::SocketAddr;

use postern_shared::document::batch::Batch;
use postern_shared::id::SecretName;
use postern_shared::options::DatabaseOptions;
use postern_shared::secret::key::Keys;
use postern_shared::store::{Connection, Store, documents, migrate, secrets};
use postern_vtiger::ACCESS_KEY;

use crate::database::Database;

/// The records that many leads update are these and the following ones, far above those that are created.
pub const FIRST_SHARED: u64 = 1_000_000_000;
/// How many there are: few, so that bundles meet on them.
pub const SHARED: u64 = 20;

/// The key of the secrets of all services.
pub const SECRETS_KEY: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

const SETTINGS: &str = r#"
permission: chaos
addresses: 127.0.0.1
workflows: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
triggers: [many]
---
trigger: many
---
connection: crm
vtiger: {url: 'CRM', user: admin, access_key: '$secret["crm_key"]'}
---
module: Leads
connection: crm
---
workflow: 1
title: creates
start: {without_record: true, next: make}
steps:
  make: {create_record: Made, fields: {n: '$env["n"]'}}
---
workflow: 2
title: adds to a shared record
start: {module: Shared, next: add}
steps:
  add: {set_value: {count: '{{ $count + 1 }}', seen: '$seen $env["n"]'}}
---
workflow: 3
title: creates once per key
start: {without_record: true, next: make}
steps:
  make: {create_record: Keys, unique: '$env["key"]', fields: {key: '$env["key"]'}}
---
workflow: 4
title: creates and fails
start: {without_record: true, next: make}
steps:
  make: {create_record: Made, fields: {n: '$env["n"]'}, created: [fail]}
  fail: {stop: failed, message: as it should}
---
workflow: 5
title: goes round a hundred times and creates
start: {without_record: true, next: turn}
steps:
  turn: {set_env: {i: '{{ $env["i"]|int + 1 }}'}, next: again}
  again: {condition: '$env["i"] < 100', then: turn, else: make}
  make: {create_record: Made, fields: {n: '$env["n"]'}}
---
workflow: 6
title: waits and creates
start: {without_record: true, next: wait}
steps:
  wait: {delay: {for: 1s}, next: make}
  make: {create_record: Made, fields: {n: '$env["n"]'}}
---
workflow: 7
title: asks another system, which refuses each first try, and creates
start: {without_record: true, next: ask}
steps:
  ask: {http_request: 'http://OUTSIDE/later', form: {n: '$env["n"]'}, timeout: 5s, retries: 20, next: make}
  make: {create_record: Made, fields: {n: '$env["n"]'}}
---
workflow: 8
title: creates a lead in vtiger, changes it and comments on it
start: {without_record: true, next: make}
steps:
  make:
    create_record: Leads
    unique: 'n$env["n"]@example.org'
    fields: {lastname: keyed, email: 'n$env["n"]@example.org'}
    store_id: lead
    created: change
    existing: change
  change: {set_value: {city: 'n$env["n"]'}, record: '$env["lead"]', next: say}
  say: {comment: 'n$env["n"]', record: '$env["lead"]'}
---
workflow: 9
title: adds to a shared lead in vtiger
start: {module: Leads, parallel: false, next: add}
steps:
  add: {set_value: {description: '$description n$env["n"]'}}
---
workflow: 10
title: creates a lead in vtiger without a unique value
start: {without_record: true, next: make}
steps:
  make: {create_record: Leads, fields: {lastname: 'n$env["n"]'}}
---
workflow: 11
title: the first of three
start: {without_record: true, triggers: [many], order: 1, next: make}
steps:
  make: {create_record: Made, fields: {n: '$env["n"]'}}
---
workflow: 12
title: the second of three
start: {without_record: true, triggers: [many], order: 2, next: fail}
steps:
  fail: {stop: failed, message: as it should}
---
workflow: 13
title: the third of three
start: {without_record: true, triggers: [many], order: 3, next: make}
steps:
  make: {create_record: Made, fields: {n: '$env["n"]'}}
"#;

/// What leads reach outside.
pub struct Targets {
    pub outside: SocketAddr,
    /// The URL of vtiger.
    pub crm: String,
}

/// Makes the tables, stores the settings, and puts the shared records there.
pub async fn apply(database: &Database, targets: &Targets) {
    let options = DatabaseOptions::new(&database.url, 1);
    let store = Store::new(&options, "postern-chaos").unwrap();
    let mut connection = store.connection().await.unwrap();
    migrate::run(&mut connection).await.unwrap();
    put_secret(&mut connection).await;
    let mut batch = Batch::default();
    let settings = SETTINGS.replace("OUTSIDE", &targets.outside.to_string()).replace("CRM", &targets.crm);
    batch.add_yaml("the settings of chaos", settings.as_bytes());
    assert!(batch.findings.is_empty(), "{:?}", batch.findings);
    documents::apply(&mut connection, "chaos", &batch.documents).await.unwrap();
    database
        .sql(&format!(
            "INSERT INTO records (id, module, fields) SELECT {FIRST_SHARED} + n, 'Shared', '{{\"count\":0,\"seen\":\"\"}}'
             FROM generate_series(0, {}) n",
            SHARED - 1
        ))
        .await;
}

/// The access key of vtiger.
async fn put_secret(connection: &mut Connection) {
    let (name, keys): (SecretName, Keys) = ("crm_key".parse().unwrap(), SECRETS_KEY.parse().unwrap());
    let sealed = keys.seal(&name, ACCESS_KEY).unwrap();
    assert!(secrets::put(connection, "chaos", &name, &sealed).await.unwrap());
}
