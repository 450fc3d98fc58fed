//! The spans of a call that a permission allows: that of the request, and below it that by which its submissions were handed
//! on. While traces are off there are none, and the header of the caller is not looked at.

use std::sync::OnceLock;
use std::time::SystemTime;

use postern_shared::id::ReceiptId;
use postern_shared::intake::error::ApiError;
use postern_shared::permission::Permission;
use postern_shared::submission::Submission;
use postern_shared::trace::{TRACEPARENT, TRACESTATE, TraceContext, TraceState};
use postern_traces::{Begun, Kind, Span};
use warp::http::{HeaderMap, StatusCode};
use warp::reply::Response;

use super::publish::Store;
use crate::state::State;

/// A call whose spans are made.
#[derive(Debug)]
pub(super) struct Traced {
    begun: Begun,
    began: SystemTime,
    handed_on: TraceContext,
    tracestate: Option<TraceState>,
    receipt: OnceLock<ReceiptId>,
}

impl Traced {
    /// Begins; none while traces are off.
    pub(super) fn begin(state: &State, headers: &HeaderMap) -> Option<Self> {
        let begun = state.traces.begin(|| traceparent(headers))?;
        let (began, handed_on, receipt) = (SystemTime::now(), begun.context.child(), OnceLock::new());
        // Without a trace of the caller there is nothing that its list belongs to.
        let tracestate = begun.parent.and_then(|_| tracestate(headers));
        Some(Self { begun, began, handed_on, tracestate, receipt })
    }

    /// Its submissions carry on its trace.
    pub(super) fn hand_on(&self, submissions: &mut [Submission]) {
        for one in submissions {
            (one.traceparent, one.tracestate) = (Some(self.handed_on), self.tracestate.clone());
        }
    }

    /// Its submissions were handed on, or could not be.
    pub(super) fn published(&self, state: &State, began: SystemTime, submissions: &[Submission], store: Option<Store>) {
        let parent = Some(self.begun.context.span);
        let Some(mut span) = Span::new(self.handed_on, parent, "publish", Kind::Producer, began) else { return };
        if let [one] = submissions {
            span = span.with("postern.receipt", one.receipt.to_string());
            // Nobody else has set it.
            let _ = self.receipt.set(one.receipt);
        } else {
            span = span.with("messaging.batch.message_count", i64::try_from(submissions.len()).unwrap_or(i64::MAX));
        }
        if let Some(store) = store {
            let system = if store == Store::Broker { "rabbitmq" } else { "postgresql" };
            span = span.with("messaging.system", system);
        }
        state.traces.take([span.failed(store.is_none()).end(SystemTime::now())]);
    }

    /// Its caller is answered.
    pub(super) fn answered(&self, state: &State, permission: &Permission, answer: &Result<Response, ApiError>) {
        let Begun { context, parent } = self.begun;
        let Some(span) = Span::new(context, parent, "POST", Kind::Server, self.began) else { return };
        let status = match answer {
            Ok(answer) => answer.status().as_u16(),
            Err(error) => error.code.status(),
        };
        let mut span = span
            .with("http.request.method", "POST")
            .with("http.response.status_code", i64::from(status))
            .with("postern.permission", permission.key.to_string());
        if let Some(receipt) = self.receipt.get() {
            span = span.with("postern.receipt", receipt.to_string());
        }
        let has_failed = status >= StatusCode::INTERNAL_SERVER_ERROR.as_u16();
        state.traces.take([span.failed(has_failed).end(SystemTime::now())]);
    }
}

/// The span of the caller, if it names exactly one.
fn traceparent(headers: &HeaderMap) -> Option<TraceContext> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    TraceContext::parse(value.to_str().ok()?.trim())
}

/// What other systems have noted about the trace of the caller.
fn tracestate(headers: &HeaderMap) -> Option<TraceState> {
    let values: Result<Vec<&str>, _> = headers.get_all(TRACESTATE).iter().map(|value| value.to_str()).collect();
    TraceState::parse(values.ok()?)
}
