//! Somebody listens for a call to a workflow or to one of its triggers. Nothing is told to those who take calls: the page
//! looks at the receipts that have come since, so a call costs the same whether anybody listens or not.

use std::hash::Hash;
use std::time::{Duration, SystemTime};

use postern_shared::clock;
use postern_shared::id::{ReceiptId, WorkflowId};
use postern_shared::store::refused_bodies::{self, Refusal as Refused};
use postern_shared::store::rejected_callers::{self, Rejections};
use postern_shared::store::{Connection, StoreError, test_calls};
use warp::reply::Response;

use super::opened::Opened;
use crate::designer::{Sketch, edit};
use crate::panel::ready_made;
use crate::panel::reply::{self, Refusal};
use crate::panel::visit::Visit;

/// How long a page listens.
pub const MAX_TIME: Duration = Duration::from_secs(10 * 60);

/// A page that listens, or has done so.
#[derive(Debug)]
pub struct Listening {
    pub heard: Heard,
    /// Whether the time is over.
    pub is_over: bool,
}

/// What has come since somebody listens.
#[derive(Debug, Default)]
pub struct Heard {
    /// The call that was waited for.
    pub call: Option<ReceiptId>,
    /// The latest call that was refused. It may have named anything: callers misspell what they call.
    pub refused: Option<Refused>,
    /// The latest caller whom no permission admits.
    pub rejected: Option<Rejections>,
}

impl Heard {
    /// What differs when something else has come.
    pub fn mark(&self) -> impl Hash + use<> {
        let rejected = self.rejected.as_ref().map(|one| (one.address.clone(), one.count));
        (self.call.map(|receipt| receipt.uuid()), self.refused.as_ref().map(|one| one.id), rejected)
    }
}

/// What is listened to.
#[derive(Debug, Clone)]
pub struct Ear {
    pub since: SystemTime,
    pub id: WorkflowId,
    pub triggers: Vec<String>,
}

impl Ear {
    /// The first call, or what was refused instead.
    pub async fn heard(&self, connection: &Connection) -> Result<Heard, StoreError> {
        let call = test_calls::first(connection, self.since, self.id, &self.triggers).await?;
        if call.is_some() {
            return Ok(Heard { call, ..Heard::default() });
        }
        let refused = refused_bodies::latest(connection, 1).await?.pop();
        let rejected = rejected_callers::latest(connection, 1).await?.pop().map(|(_, one)| one);
        Ok(Heard {
            call,
            refused: refused.filter(|one| one.refused_at >= self.since),
            rejected: rejected.filter(|one| one.last_at >= self.since),
        })
    }

    /// Whether nobody listens any more.
    pub fn is_over(&self) -> bool {
        SystemTime::now().duration_since(self.since).unwrap_or_default() > MAX_TIME
    }
}

impl Listening {
    /// Of the page that the query names; what has come becomes the call with which the account tries the workflow.
    pub async fn of(visit: &Visit<'_>, opened: &Opened, sketch: &Sketch) -> Result<Option<Self>, Refusal> {
        let Some(since) = clock::moment(visit.query.get("since")) else { return Ok(None) };
        let ear = Ear { since, id: opened.id, triggers: sketch.triggers.clone() };
        let connection = visit.connection().await?;
        let heard = ear.heard(&connection).await?;
        if let Some(receipt) = heard.call {
            test_calls::choose(&connection, opened.id, visit.account(), receipt).await?;
        }
        Ok(Some(Self { heard, is_over: ear.is_over() }))
    }
}

/// From now on the page listens.
pub async fn listen(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let opened = Opened::find(visit).await?;
    let now = clock::time(visit.panel.state.clock.now());
    let since: String = form_urlencoded::byte_serialize(now.as_bytes()).collect();
    Ok(reply::redirect(&format!("{}?since={since}", opened.path("try"))))
}

/// The URL of a call to a workflow: to the first of its triggers, or else to itself.
pub fn call(visit: &Visit<'_>, id: WorkflowId, sketch: &Sketch) -> String {
    let url = format!("{}/{}", ready_made::public(visit), visit.panel.state.short_url.as_str());
    match sketch.triggers.first() {
        Some(trigger) => format!("{url}?workflow_trigger={trigger}"),
        None => format!("{url}?workflow_id={id}"),
    }
}

/// What the page of a workflow listens to from a moment on; nothing if it does not.
pub async fn ear(visit: &Visit<'_>, number: &str, since: &str) -> Option<Ear> {
    let since = clock::moment(since)?;
    let opened = Opened::of(visit, number).await.ok()?;
    let sketch = Sketch::of(&edit::read(&opened.draft.text).unwrap_or_default());
    Some(Ear { since, id: opened.id, triggers: sketch.triggers })
}
