//! What changes while one looks: an event of the server for a page whose runs have changed (server-sent events, WHATWG
//! HTML 9.2). The event says that, and nothing else; the script asks for the page again.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use postern_http::places::{Places, Taking};
use postern_shared::id::ReceiptId;
use postern_shared::receipt::MAX_SHOWN;
use postern_shared::store::runs::{self, Filter, Run};
use postern_shared::store::{StoreError, jobs, sessions};
use tokio::sync::mpsc::{self, Sender};
use warp::http::StatusCode;
use warp::http::header::{HeaderName, HeaderValue};
use warp::reply::{Reply, Response};
use warp::sse::{self, Event};

use super::design::listen::{self, Ear};
use super::figures::Figures;
use super::jobs::PAGE;
use super::reply::Refusal;
use super::runs::filter;
use super::session;
use super::visit::{Pairs, Visit};
use crate::state::State;

/// Pages of the control panel that change while they are open. Others stay as they were loaded. One address takes half
/// of what is free.
pub const MAX_LISTENERS: usize = 64;

/// How often the store is asked for a page while few pages listen.
const PERIOD: Duration = Duration::from_secs(1);

/// How many pages are asked for in a period. While more of them listen, each is asked for less often: what the pages
/// cost beside leads stays the same.
const IN_PERIOD: usize = 8;

/// How many runs of a list are compared: those of a page.
const COMPARED: i64 = 50;

/// What a page shows.
enum Shown {
    Overview(Arc<Figures>),
    Runs(Filter),
    Jobs,
    Receipt(ReceiptId),
    Ear(Ear),
}

/// The events of the page that the query names; none at all, so that the browser does not ask again, if that page does
/// not change by itself or too many listen already.
pub async fn events(visit: &Visit<'_>) -> Result<Response, Refusal> {
    let listener = visit.panel.listeners.take(visit.peer);
    let shown = shown(visit, visit.query.get("page")).await;
    let (Some(shown), Some(listener)) = (shown, listener) else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    let (sender, receiver) = mpsc::channel(1);
    let listeners = Arc::clone(&visit.panel.listeners);
    tokio::spawn(watch(Arc::clone(&visit.panel.state), visit.secret.hash(), shown, sender, listeners, listener));
    let events = stream::unfold(receiver, async |mut receiver| {
        receiver.recv().await.map(|()| (Ok::<_, Infallible>(Event::default().data("changed")), receiver))
    });
    let mut response = sse::reply(sse::keep_alive().stream(events)).into_response();
    // nginx would hold events back until it has a buffer full of them.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

async fn shown(visit: &Visit<'_>, page: &str) -> Option<Shown> {
    let (path, query) = page.split_once('?').unwrap_or((page, ""));
    if let Some(number) = path.strip_suffix("/try").and_then(|rest| rest.strip_prefix("/workflows/")) {
        let since = Pairs::read(query.as_bytes());
        return listen::ear(visit, number, since.get("since")).await.map(Shown::Ear);
    }
    match (path, path.strip_prefix("/receipts/")) {
        (_, Some(id)) => id.parse().ok().map(Shown::Receipt),
        ("/", None) => Some(Shown::Overview(Arc::clone(&visit.panel.figures))),
        ("/runs", None) => Some(Shown::Runs(filter(&Pairs::read(query.as_bytes())))),
        ("/jobs", None) => Some(Shown::Jobs),
        _ => None,
    }
}

/// Says when what is shown differs from what is known, until nobody listens or the session has ended. Nothing is known
/// at first, so that whatever happened between the page and its first event is not missed.
async fn watch(
    state: Arc<State>,
    session: session::Hash,
    shown: Shown,
    sender: Sender<()>,
    listeners: Arc<Places>,
    _listener: Taking,
) {
    let mut known = None;
    loop {
        match look(&state, &session, &shown).await {
            Ok(None) => return,
            Ok(now) if now != known => {
                known = now;
                if sender.send(()).await.is_err() {
                    return;
                }
            }
            // A store that is away is no reason to stop: it is asked again.
            Ok(_) | Err(_) => {}
        }
        tokio::select! {
            () = sender.closed() => return,
            () = state.shutdown.wait() => return,
            () = tokio::time::sleep(period(listeners.count())) => {}
        }
    }
}

/// How long a page waits between two looks, beside so many that listen.
fn period(listeners: usize) -> Duration {
    let times = u32::try_from(listeners.div_ceil(IN_PERIOD)).unwrap_or(u32::MAX);
    PERIOD * times.max(1)
}

async fn look(state: &State, session: &session::Hash, shown: &Shown) -> Result<Option<u64>, StoreError> {
    let connection = state.store.connection().await?;
    if sessions::find(&connection, session).await?.is_none() {
        return Ok(None);
    }
    let runs = match shown {
        Shown::Overview(_) => runs::page(&connection, &Filter::default(), None, COMPARED).await?,
        Shown::Jobs => {
            let jobs = jobs::list(&connection, None, PAGE).await?;
            let states = jobs.iter().map(|job| (job.id, job.done, job.failed, job.state.clone(), job.started));
            return Ok(Some(mark(&[], states.collect::<Vec<_>>())));
        }
        Shown::Ear(ear) if ear.is_over() => return Ok(None),
        Shown::Ear(ear) => return Ok(Some(mark(&[], ear.heard(&connection).await?.mark()))),
        Shown::Runs(filter) => runs::page(&connection, filter, None, COMPARED).await?,
        Shown::Receipt(receipt) => {
            let runs = runs::of(&connection, *receipt, MAX_SHOWN).await?;
            return Ok(Some(mark(&runs.shown, (runs.word, runs.left_out))));
        }
    };
    let figures = if let Shown::Overview(figures) = shown { figures.counted_at() } else { None };
    Ok(Some(mark(&runs, figures)))
}

fn mark(runs: &[Run], beside: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    beside.hash(&mut hasher);
    for run in runs {
        (run.receipt.uuid(), run.number, run.state.word(), run.steps, run.replaced_by, run.settled.is_some())
            .hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_pages_ask_the_store_no_oftener_than_a_few() {
        for (listeners, seconds) in [(0, 1), (1, 1), (8, 1), (9, 2), (64, 8)] {
            assert_eq!(period(listeners).as_secs(), seconds, "{listeners}");
        }
    }
}
