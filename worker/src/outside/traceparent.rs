//! The header by which other systems go on with the trace of a call. It stands beside the calls: a log-in, or the fetching of
//! a token, belongs to the trace of the call that needs it, whatever way leads there.

use postern_shared::trace::TraceContext;
use reqwest::header::HeaderValue;
use tokio::task_local;

task_local! {
    static CALL: TraceContext;
}

/// Makes a call under this span.
pub async fn under<T>(call: TraceContext, making: impl Future<Output = T>) -> T {
    CALL.scope(call, making).await
}

/// The header of the requests that are made now; none = the call is not traced.
pub fn header() -> Option<HeaderValue> {
    CALL.try_with(|call| HeaderValue::try_from(call.to_string()).ok()).ok().flatten()
}
