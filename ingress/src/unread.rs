//! Answers that are not read yet. A short one is counted with its connection; a longer one takes its share of a budget
//! until its last byte is sent. Without a share the answer is left out, never what it answers to.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::poll_fn;
use postern_http::answer::answer;
use postern_http::client_address::client_address;
use postern_shared::intake::error::ApiError;
use warp::http::Method;
use warp::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use warp::hyper::body::Body;
use warp::reply::Response;

use crate::http::body_budget::{SHORT_BYTES, Share};
use crate::routes::Request;
use crate::state::State;

/// A body with its share.
struct Counted {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// The same answer, counted; without room for it, of a POST the status and the headers alone, else a refusal.
pub fn counted(state: &State, request: &Request, response: Response) -> Response {
    let length = response.body().size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let Some(length) = length.filter(|length| *length > SHORT_BYTES) else { return response };
    let caller = client_address(request.peer, &request.headers, &state.trusted_proxies);
    let (mut head, mut body) = response.into_parts();
    let mut share = state.answers.share(caller.unwrap_or(request.peer), &());
    if share.take(length).is_err() {
        if request.method != Method::POST {
            return answer(&ApiError::too_busy());
        }
        head.headers.remove(CONTENT_TYPE);
        head.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(head, Bytes::new().into());
    }
    // A body of a known length is in memory as a whole.
    let frame = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).now_or_never();
    let bytes = frame.flatten().and_then(Result::ok).and_then(|frame| frame.into_data().ok()).unwrap_or_default();
    Response::from_parts(head, Bytes::from_owner(Counted { bytes, _share: share }).into())
}
