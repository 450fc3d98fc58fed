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
use warp::http::HeaderMap;
use warp::http::header::CONTENT_LENGTH;

use super::pace::Pace;
use encoding::Encoding;

/// How long a body may pause, or come more slowly than [`super::pace::LEAST_RATE`]. A lost packet is sent again within
/// some seconds.
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
        Self::new(code, error.to_string())
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
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| !usize::try_from(length).is_ok_and(|length| length <= limit)) {
        return Err(BodyError::TooLarge(limit).into());
    }
    let sent = collect(stream, limit).await?;
    if announced.is_some_and(|length| u64::try_from(sent.len()) != Ok(length)) {
        return Err(BodyError::Truncated.into());
    }
    let inflated = Encoding::of(headers).and_then(|encoding| match encoding {
        Some(encoding) if !sent.is_empty() => encoding.inflate(&sent, limit),
        Some(_) | None => Ok(sent.clone()),
    });
    inflated.map_err(|error| Refused { error, sent: Some(sent) })
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
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::io::Write;
    use tokio::io::AsyncWriteExt;
    use warp::Filter;

    const LIMIT: usize = 100;

    fn read(headers: &[(&'static str, &'static str)], chunks: Vec<Result<Bytes, ()>>) -> Result<Bytes, BodyError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        body_bytes(&map, futures_util::stream::iter(chunks), LIMIT).now_or_never().unwrap()
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn chunks(parts: &[&'static [u8]]) -> Vec<Result<Bytes, ()>> {
        parts.iter().map(|part| Ok(Bytes::from_static(part))).collect()
    }

    #[test]
    fn a_body_is_the_sum_of_its_chunks() {
        for parts in [&[][..], &[b"".as_slice()], &[b"a=1"], &[b"", b"a=1"], &[b"a", b"", b"=1", b"&b=2"]] {
            assert_eq!(read(&[], chunks(parts)).unwrap(), parts.concat());
        }
        assert_eq!(read(&[("content-length", "3")], chunks(&[b"a=", b"1"])).unwrap(), "a=1");
        assert_eq!(read(&[], vec![Ok(vec![b'x'; LIMIT].into())]).unwrap().len(), LIMIT);
    }

    #[test]
    fn a_body_above_the_limit_is_refused_and_by_its_length_before_reading() {
        assert_eq!(read(&[], vec![Ok(vec![b'x'; LIMIT + 1].into())]), Err(BodyError::TooLarge(LIMIT)));
        let drops = vec![Ok(Bytes::from_static(b"x")); LIMIT + 1];
        assert_eq!(read(&[], drops), Err(BodyError::TooLarge(LIMIT)));
        let never = futures_util::stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, ()>>> { panic!("read") });
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, "101".parse().unwrap())]);
        assert_eq!(body_bytes(&headers, never, LIMIT).now_or_never(), Some(Err(BodyError::TooLarge(LIMIT))));
    }

    #[test]
    fn a_body_cut_short_is_an_error() {
        assert_eq!(read(&[], vec![Ok("a=1".into()), Err(())]), Err(BodyError::Truncated));
        assert_eq!(read(&[("content-length", "4")], chunks(&[b"a=1"])), Err(BodyError::Truncated));
    }

    #[test]
    fn gzip_is_inflated_within_the_limit() {
        for name in ["gzip", "GZIP", "x-gzip", "identity, gzip"] {
            assert_eq!(read(&[("content-encoding", name)], vec![Ok(gzip(b"a=1").into())]).unwrap(), "a=1");
        }
        assert_eq!(read(&[("content-encoding", "gzip")], vec![]).unwrap(), "");
        let full = gzip(&[b'x'; LIMIT]);
        assert_eq!(read(&[("content-encoding", "gzip")], vec![Ok(full.into())]).unwrap().len(), LIMIT);
        for plain in [vec![b'x'; LIMIT + 1], vec![0; 20_000]] {
            let bomb = gzip(&plain);
            assert!(bomb.len() < LIMIT);
            let read = read(&[("content-encoding", "gzip")], vec![Ok(bomb.into())]);
            assert_eq!(read, Err(BodyError::TooLarge(LIMIT)));
        }
    }

    #[test]
    fn damaged_or_longer_gzip_is_refused() {
        let whole = gzip(b"a=1&b=2");
        for length in 1..whole.len() {
            let cut = Bytes::copy_from_slice(&whole[..length]);
            assert_eq!(
                read(&[("content-encoding", "gzip")], vec![Ok(cut)]),
                Err(BodyError::Damaged("gzip")),
                "{length}"
            );
        }
        let mut flipped = whole.clone();
        let crc = flipped.len() - 8;
        flipped[crc] ^= 1;
        for damaged in
            [flipped, [whole.clone(), b"x".to_vec()].concat(), [whole.clone(), whole].concat(), b"a=1".to_vec()]
        {
            assert_eq!(
                read(&[("content-encoding", "gzip")], vec![Ok(damaged.into())]),
                Err(BodyError::Damaged("gzip"))
            );
        }
    }

    #[test]
    fn what_came_whole_and_cannot_be_inflated_is_handed_back() {
        let refused = |encoding: &'static str, sent: &'static str| {
            let headers = HeaderMap::from_iter([(warp::http::header::CONTENT_ENCODING, encoding.parse().unwrap())]);
            let stream = futures_util::stream::iter([Ok::<_, ()>(Bytes::from_static(sent.as_bytes()))]);
            body_or_sent(&headers, stream, LIMIT).now_or_never().unwrap().unwrap_err()
        };
        for (encoding, error) in [
            ("zstd", BodyError::UnsupportedEncoding("zstd".into())),
            ("gzip", BodyError::Damaged("gzip")),
            ("deflate", BodyError::Damaged("deflate")),
            ("br", BodyError::Damaged("br")),
        ] {
            assert_eq!(refused(encoding, "a=1"), Refused { error, sent: Some("a=1".into()) });
        }
        let long: &'static str = "x".repeat(LIMIT + 1).leak();
        assert_eq!(refused("zstd", long), BodyError::TooLarge(LIMIT).into());
    }

    /// What the server reads when a client sends these bytes and then closes its side.
    async fn served(request: &str) -> Result<Bytes, BodyError> {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let filter = warp::header::headers_cloned().and(warp::body::stream()).then(move |headers: HeaderMap, body| {
            let sender = sender.clone();
            async move {
                sender.send(body_bytes(&headers, body, LIMIT).await).unwrap();
                ""
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(warp::serve(filter).incoming(listener).run());
        let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        client.shutdown().await.unwrap();
        let read = receiver.recv().await.unwrap();
        server.abort();
        read
    }

    #[tokio::test]
    async fn a_served_body_is_whole_or_an_error() {
        let chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        let whole = format!("{chunked}2\r\na=\r\n1\r\n1\r\n0\r\n\r\n");
        assert_eq!(served(&whole).await.unwrap(), "a=1");
        for cut in ["2\r\na=\r\n1\r\n1\r\n", "2\r\na=\r\n", "2\r\na", "2\r\na=\r\n0\r\n", "2\r\na=\r\nzz\r\n"] {
            assert_eq!(served(&format!("{chunked}{cut}")).await, Err(BodyError::Truncated), "{cut:?}");
        }
        let counted = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\n";
        assert_eq!(served(&format!("{counted}a=12")).await.unwrap(), "a=12");
        assert_eq!(served(&format!("{counted}a=1")).await, Err(BodyError::Truncated));
        let large = format!("{chunked}65\r\n{}\r\n0\r\n\r\n", "x".repeat(101));
        assert_eq!(served(&large).await, Err(BodyError::TooLarge(LIMIT)));
    }
}
