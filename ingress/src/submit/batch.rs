//! A JSON list whose items are submissions. All of them go into one message, or into one row of the spool: all are
//! accepted, or none. With an `Idempotency-Key` PostgreSQL is asked for the receipts of an earlier try; this is the one
//! call of the public listener that asks it before it answers.

use std::time::Duration;

use postern_shared::body::fields::Fields;
use postern_shared::id::ReceiptId;
use postern_shared::intake::dedupe;
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::message::Message;
use postern_shared::store::{StoreError, batch_receipts};
use postern_shared::submission::Submission;
use serde_json::json;
use tokio::time::timeout;
use warp::reply::Response;

use super::{Taken, answer};
use crate::http::body_budget::Full;
use crate::state::State;

/// How long PostgreSQL is asked for the receipts of an earlier try. Without its answer the list gets new ones, whose
/// submissions turn out to be duplicates.
const ASK_LIMIT: Duration = Duration::from_secs(2);

/// The receipts of a list.
struct Receipts {
    all: Vec<ReceiptId>,
    /// Whether it was posted before: then its submissions are counted already.
    is_retry: bool,
}

/// The submissions of a list.
pub(super) async fn submissions(
    state: &State,
    taken: &mut Taken<'_>,
    items: Vec<Fields>,
    key: Option<&str>,
) -> Result<Vec<Submission>, ApiError> {
    // Each item has the query and the headers of its own.
    let beside = taken.query.env.bytes() + taken.headers_bytes();
    taken.share.take(beside * items.len()).map_err(|Full| ApiError::too_busy())?;
    let Receipts { all, is_retry } = receipts(state, taken, items.len(), key).await?;
    let numbered = items.into_iter().zip(all).zip(1..);
    let submissions = numbered.map(|((fields, receipt), number)| {
        let dedupe = dedupe::of_item(key, number, &fields.env, taken.permission);
        let ticket = (!is_retry).then(|| state.sequence.next());
        taken.call(receipt).submission(ticket, taken.permission, fields, dedupe)
    });
    Ok(submissions.collect())
}

/// The answer: the receipts, in the order of the list.
pub(super) fn accepted(taken: &Taken<'_>, submissions: &[Submission]) -> Response {
    let receipts: Vec<ReceiptId> = submissions.iter().map(|one| one.receipt).collect();
    answer::plain(taken.permission, &json!({"receipts": receipts, "status": "accepted"}), &taken.request.headers)
}

async fn receipts(state: &State, taken: &Taken<'_>, items: usize, key: Option<&str>) -> Result<Receipts, ApiError> {
    let new = (0..items).map(|_| state.clock.receipt()).collect::<Result<Vec<_>, _>>()?;
    let Some(key) = key.filter(|_| items > 0) else { return Ok(Receipts { all: new, is_retry: false }) };
    let asked = async {
        let connection = state.store.connection().await?;
        batch_receipts::claim(&connection, &taken.permission.key, key, &new).await
    };
    let told = timeout(ASK_LIMIT, asked).await.unwrap_or_else(|_| Err(StoreError::Away("no answer in time".into())));
    match told {
        Ok(all) if all.len() == items => Ok(Receipts { is_retry: all != new, all }),
        Ok(all) => Err(ApiError::new(ErrorCode::InvalidIdempotencyKey, Message::KeyOfList { items: all.len() })),
        Err(error) => {
            tracing::debug!(%error, "the receipts of an earlier try are not known now");
            Ok(Receipts { all: new, is_retry: false })
        }
    }
}
