//! The headers by which other systems go on with the trace of a call. They stand beside the calls: a log-in, or the fetching of
//! a token, belongs to the trace of the call that needs it, whatever way leads there.

use postern_shared::trace::{TRACEPARENT, TRACESTATE, TraceContext, TraceState};
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::task_local;

task_local! {
    static CALL: (TraceContext, Option<TraceState>);
}

/// Makes a call under this span.
pub async fn under<T>(call: TraceContext, tracestate: Option<TraceState>, making: impl Future<Output = T>) -> T {
    CALL.scope((call, tracestate), making).await
}

/// Adds those of the call that is made now, if it is traced. A step that names a trace itself goes on with that one.
pub fn add(headers: &mut HeaderMap) {
    // Outside of a call there is no trace.
    let _ = CALL.try_with(|(call, tracestate)| {
        if headers.contains_key(TRACEPARENT) || headers.contains_key(TRACESTATE) {
            return;
        }
        let values =
            [(TRACEPARENT, Some(call.to_string())), (TRACESTATE, tracestate.as_ref().map(ToString::to_string))];
        for (name, value) in values {
            if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
                headers.insert(name, value);
            }
        }
    });
}
