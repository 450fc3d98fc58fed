//! Reads a request body up to a limit. What comes out is the whole body or an error: a body cut short never passes
//! for a shorter one.

mod encoding;

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::message::Message;
use warp::http::HeaderMap;
use warp::http::header::CONTENT_LENGTH;

use super::pace::Pace;
use encoding::Encoding;

/// How long a body may pause, or come more slowly than [`super::pace::LEAST_RATE`]; then the answer is 408. A lost
/// packet is sent again within some seconds.
pub const BODY_WINDOW: Duration = Duration::from_secs(10);

/// Why there is no body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The body, or what it inflates to, is larger than this many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// A content encoding that is not read, by its name.
    #[error("content encoding {0:?} is not supported: send the body as it is, or with gzip, deflate or br")]
    UnsupportedEncoding(String),
    /// The connection ended before the body did.
    #[error("the body was cut short")]
    Truncated,
    /// The body is not what its content encoding says, is damaged, or goes on behind its end; holds the encoding.
    #[error("the body is not one whole {0} stream")]
    Damaged(&'static str),
}

impl From<BodyError> for ApiError {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge(_) => ErrorCode::BodyTooLarge,
            BodyError::UnsupportedEncoding(_) => ErrorCode::UnsupportedType,
            BodyError::Truncated | BodyError::Damaged(_) => ErrorCode::InvalidBody,
        };
        let message = match error {
            BodyError::TooLarge(most) => Message::BodyTooLarge { most },
            BodyError::UnsupportedEncoding(encoding) => Message::BodyEncoding { encoding: format!("{encoding:?}") },
            BodyError::Truncated => Message::BodyCut,
            BodyError::Damaged(encoding) => Message::BodyDamaged { encoding: encoding.to_owned() },
        };
        Self::new(code, message)
    }
}

/// A body that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub error: BodyError,
    /// What was sent, if it came whole.
    pub sent: Option<Bytes>,
}

impl From<BodyError> for Refused {
    fn from(error: BodyError) -> Self {
        Self { error, sent: None }
    }
}

/// Reads a whole body and inflates it if its `Content-Encoding` says so; `limit` counts bytes and holds before and after
/// inflating. A `Content-Length` above it is refused before anything is read. How long it may take is the caller's to say.
pub async fn body_bytes<S, B, E>(headers: &HeaderMap, stream: S, limit: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    body_or_sent(headers, stream, limit).await.map_err(|refused| refused.error)
}

/// The same; a body that came whole and cannot be inflated is handed back as it was sent.
pub async fn body_or_sent<S, B, E>(headers: &HeaderMap, stream: S, limit: usize) -> Result<Bytes, Refused>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let sent = sent(headers, stream, limit).await?;
    inflated(headers, &sent, limit).map_err(|error| Refused { error, sent: Some(sent) })
}

/// Reads a whole body as it is sent.
pub async fn sent<S, B, E>(headers: &HeaderMap, stream: S, limit: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| !usize::try_from(length).is_ok_and(|length| length <= limit)) {
        return Err(BodyError::TooLarge(limit));
    }
    let sent = collect(stream, limit).await?;
    if announced.is_some_and(|length| u64::try_from(sent.len()) != Ok(length)) {
        return Err(BodyError::Truncated);
    }
    Ok(sent)
}

/// A body that was read, inflated if its `Content-Encoding` says so, or if it is gzip without one.
pub fn inflated(headers: &HeaderMap, sent: &Bytes, limit: usize) -> Result<Bytes, BodyError> {
    match Encoding::of(headers)?.or_else(|| Encoding::shown_by(sent)) {
        Some(encoding) if !sent.is_empty() => encoding.inflate(sent, limit),
        Some(_) | None => Ok(sent.clone()),
    }
}

/// A body that ends early, and notes it, when it comes too slowly: what has come of it is held in memory meanwhile.
pub fn paced<S, B, E>(body: S, is_too_slow: &mut bool) -> impl Stream<Item = Result<B, E>>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    // Most bodies are there at once, and need no clock.
    unfold((Box::pin(body), None, is_too_slow), async |(mut body, mut pace, is_too_slow)| {
        let chunk = poll_fn(|context| match body.poll_next_unpin(context) {
            Poll::Pending => {
                let pace = pace.get_or_insert_with(|| Pace::new(BODY_WINDOW));
                pace.poll_too_slow(context).map(|()| {
                    *is_too_slow = true;
                    None
                })
            }
            chunk => chunk,
        });
        let chunk = chunk.await?;
        if let (Ok(bytes), Some(pace)) = (&chunk, &mut pace) {
            pace.moved(bytes.remaining());
        }
        Some((chunk, (body, pace, is_too_slow)))
    })
}

/// A body of one chunk, as small forms are, is not copied.
async fn collect<S, B, E>(stream: S, limit: usize) -> Result<Bytes, BodyError>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let mut stream = pin!(stream);
    let mut first = Bytes::new();
    let mut all: Vec<u8> = Vec::new();
    let mut total = 0;
    while let Some(chunk) = stream.next().await {
        let mut chunk = chunk.map_err(|_| BodyError::Truncated)?;
        let length = chunk.remaining();
        if length > limit - total {
            return Err(BodyError::TooLarge(limit));
        }
        total += length;
        if total == length {
            first = chunk.copy_to_bytes(length);
        } else {
            if all.is_empty() {
                all = std::mem::take(&mut first).into();
            }
            all.put(chunk);
        }
    }
    Ok(if all.is_empty() { first } else { all.into() })
}

#[cfg(test)]
mod tests;
