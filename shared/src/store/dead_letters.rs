//! The dead letters: what nobody could run, kept whole with the reason, so that a person can look at it, and then put
//! it back into the spool or discard it. Both write into the audit log in the same statement: a letter is never gone
//! without a trace.

mod replay;

use std::time::SystemTime;

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::Row;
use uuid::Uuid;

use super::StoreError;
use crate::id::{PermissionKey, ReceiptId};
use crate::message::Message;
use crate::submission::{self, SUBMISSIONS_V1, Target};
pub use replay::replay;

/// The most dead letters that one call replays or discards: it must end well within the time-out of a statement.
pub const MAX_AT_ONCE: i64 = 10_000;

/// The longest reason of a discard, in characters: a sentence or two.
pub const MAX_REASON_CHARS: usize = 500;

/// The most groups of dead letters that are listed: whoever has more looks at the largest first.
const MAX_GROUPS: i64 = 200;

const PUT: &str = "-- dead_letters::put
WITH kept AS (
    INSERT INTO dead_letters (receipt, kind, body, reason, attempt, permission, target)
    VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
)
INSERT INTO digest_queue (receipts, records, dead_letters) SELECT '{}', '{}', ARRAY[id] FROM kept";

/// Of a discarded letter the audit log tells.
const OF: &str = "-- dead_letters::of
(SELECT permission, reason, false FROM dead_letters WHERE receipt = $1 ORDER BY id DESC LIMIT 1)
UNION ALL
(SELECT permission, reason, true FROM discarded_letters WHERE key = $2 ORDER BY id DESC LIMIT 1)
LIMIT 1";

const PAGE: &str = "-- dead_letters::page
SELECT id, receipt, kind, octet_length(body), reason, attempt, created_at, target, group_id FROM dead_letters
WHERE ($1::bigint IS NULL OR id < $1) AND ($3::text IS NULL OR group_id = $3) ORDER BY id DESC LIMIT $2";

const FIND: &str = "-- dead_letters::find
SELECT id, receipt, kind, octet_length(body), reason, attempt, created_at, target, group_id, body FROM dead_letters
WHERE id = $1";

const GROUPS: &str = "-- dead_letters::groups
SELECT group_id, min(kind), min(target), min(reason), count(*), min(created_at), max(created_at) FROM dead_letters
GROUP BY group_id ORDER BY count(*) DESC, group_id LIMIT $1";

const COUNT: &str = "-- dead_letters::count
SELECT count(*) FROM dead_letters WHERE ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR group_id = $2)";

const DISCARD: &str = "-- dead_letters::discard
WITH chosen AS (
    SELECT id FROM dead_letters WHERE ($1::bigint IS NULL OR id = $1) AND ($2::text IS NULL OR group_id = $2)
    ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM dead_letters WHERE id IN (SELECT id FROM chosen) RETURNING *
)
INSERT INTO audit_log (account, action, kind, key, document)
SELECT $4, 'discard', 'dead_letter', coalesce(receipt::text, id::text),
    json_build_object('id', id, 'kind', kind, 'permission', permission, 'target', target, 'dead_because', reason,
        'reason', $5::text)
FROM taken ORDER BY id";

/// What could not be run.
#[derive(Debug)]
pub struct DeadLetter<'a> {
    /// The receipt, if the body could be read.
    pub receipt: Option<ReceiptId>,
    /// The AMQP `type` of the message.
    pub kind: &'a str,
    /// Its body.
    pub body: &'a [u8],
    /// Why.
    pub reason: &'a Message,
    /// How often it was tried.
    pub attempt: i32,
}

/// Keeps a dead letter, to be found by what it holds.
pub async fn put(transaction: &Transaction<'_>, letter: &DeadLetter<'_>) -> Result<(), StoreError> {
    let receipt: Option<Uuid> = letter.receipt.map(ReceiptId::uuid);
    let reason = letter.reason.stored();
    // PostgreSQL keeps no NUL in a text.
    let kind = letter.kind.replace('\0', "");
    let (permission, target) = origin(&kind, letter.body);
    let permission = permission.as_ref().map(PermissionKey::as_str);
    transaction.execute(PUT, &[&receipt, &kind, &letter.body, &reason, &letter.attempt, &permission, &target]).await?;
    Ok(())
}

/// What is told of a receipt that became a dead letter.
#[derive(Debug)]
pub struct Dead {
    /// The permission that let it in; none = its body cannot be read.
    pub permission: Option<PermissionKey>,
    /// Why.
    pub reason: Message,
}

/// Why a receipt became a dead letter, if it did; also when someone discarded it.
pub async fn of(connection: &Object, receipt: ReceiptId) -> Result<Option<Dead>, StoreError> {
    let row = connection.query_opt(OF, &[&receipt.uuid(), &receipt.to_string()]).await?;
    let key = |text: &str| text.parse().ok();
    Ok(row.map(|row| {
        let (reason, is_discarded): (&str, bool) = (row.get(1), row.get(2));
        let reason =
            if is_discarded { Message::Discarded { text: reason.to_owned() } } else { Message::of_stored(reason) };
        Dead { permission: row.get::<_, Option<&str>>(0).and_then(key), reason }
    }))
}

/// A dead letter as it is kept, but for its body.
#[derive(Debug)]
pub struct Kept {
    /// Its number.
    pub id: i64,
    /// The receipt, if the body could be read.
    pub receipt: Option<ReceiptId>,
    /// The AMQP `type` of the message.
    pub kind: String,
    /// How many bytes its body has.
    pub bytes: i32,
    /// Why.
    pub reason: Message,
    /// How often it was tried.
    pub attempt: i32,
    /// When it was put here.
    pub created_at: SystemTime,
    /// What it asks to run, such as `workflow 77`, if the body could be read.
    pub target: Option<String>,
    /// The id of its group.
    pub group: String,
}

/// Dead letters of one kind with one target and one reason.
#[derive(Debug)]
pub struct Group {
    /// What names it.
    pub id: String,
    /// The AMQP `type` of the messages.
    pub kind: String,
    /// What they ask to run, if the bodies could be read.
    pub target: Option<String>,
    /// Why.
    pub reason: Message,
    /// How many there are.
    pub count: i64,
    /// When the first of them was put here.
    pub first_at: SystemTime,
    /// When the last of them was put here.
    pub last_at: SystemTime,
}

/// Which dead letters are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The one with this number.
    One(i64),
    /// Those of the group with this id.
    Group(String),
    /// All.
    All,
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// How many letters were replayed or discarded.
    pub moved: i64,
    /// How many of those chosen are left: one call takes [`MAX_AT_ONCE`] at most.
    pub left: i64,
}

/// The latest dead letters, of one group or all, older than another, newest first, at most `last`.
pub async fn page(
    connection: &Object,
    group: Option<&str>,
    before: Option<i64>,
    last: i64,
) -> Result<Vec<Kept>, StoreError> {
    Ok(connection.query(PAGE, &[&before, &last, &group]).await?.iter().map(kept).collect())
}

/// One dead letter with its body.
pub async fn find(connection: &Object, id: i64) -> Result<Option<(Kept, Vec<u8>)>, StoreError> {
    Ok(connection.query_opt(FIND, &[&id]).await?.map(|row| (kept(&row), row.get(9))))
}

/// The groups, the largest first, at most 200.
pub async fn groups(connection: &Object) -> Result<Vec<Group>, StoreError> {
    let rows = connection.query(GROUPS, &[&MAX_GROUPS]).await?;
    let read = |row: &Row| Group {
        id: row.get(0),
        kind: row.get(1),
        target: row.get(2),
        reason: Message::of_stored(row.get(3)),
        count: row.get(4),
        first_at: row.get(5),
        last_at: row.get(6),
    };
    Ok(rows.iter().map(read).collect())
}

/// How many letters are chosen.
pub async fn count(connection: &Object, choice: &Choice) -> Result<i64, StoreError> {
    let (id, group) = parameters(choice);
    Ok(connection.query_one(COUNT, &[&id, &group]).await?.get(0))
}

/// The reason of a discard that a text gives; nothing if there is none in it, or if it is longer than
/// [`MAX_REASON_CHARS`] or cannot be stored.
pub fn discard_reason(text: &str) -> Option<&str> {
    let reason = text.trim();
    let fits = !reason.is_empty() && reason.chars().count() <= MAX_REASON_CHARS && !reason.contains('\0');
    fits.then_some(reason)
}

/// Removes letters, the oldest first; the audit log keeps the reason.
pub async fn discard(connection: &Object, account: &str, choice: &Choice, reason: &str) -> Result<Moved, StoreError> {
    let (id, group) = parameters(choice);
    let moved = connection.execute(DISCARD, &[&id, &group, &MAX_AT_ONCE, &account, &reason]).await?;
    tell(connection, choice, moved).await
}

async fn tell(connection: &Object, choice: &Choice, moved: u64) -> Result<Moved, StoreError> {
    Ok(Moved { moved: moved.try_into().unwrap_or(i64::MAX), left: count(connection, choice).await? })
}

fn parameters(choice: &Choice) -> (Option<i64>, Option<&str>) {
    match choice {
        Choice::One(id) => (Some(*id), None),
        Choice::Group(group) => (None, Some(group)),
        Choice::All => (None, None),
    }
}

/// The permission and the target of a body, as far as it can be read and all of it has the same.
fn origin(kind: &str, body: &[u8]) -> (Option<PermissionKey>, Option<String>) {
    if kind != SUBMISSIONS_V1 {
        return (None, None);
    }
    let submissions = submission::unbundle(body).unwrap_or_default();
    let Some((first, rest)) = submissions.split_first() else { return (None, None) };
    let target = || match &first.target {
        Target::Workflow(id) => format!("workflow {id}"),
        Target::Trigger(key) => format!("trigger {key}"),
    };
    (
        rest.iter().all(|one| one.permission == first.permission).then(|| first.permission.clone()),
        rest.iter().all(|one| one.target == first.target).then(target),
    )
}

fn kept(row: &Row) -> Kept {
    Kept {
        id: row.get(0),
        receipt: row.get::<_, Option<Uuid>>(1).map(ReceiptId::from),
        kind: row.get(2),
        bytes: row.get(3),
        reason: Message::of_stored(row.get(4)),
        attempt: row.get(5),
        created_at: row.get(6),
        target: row.get(7),
        group: row.get(8),
    }
}
