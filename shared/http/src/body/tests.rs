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
        assert_eq!(read(&[("content-encoding", "gzip")], vec![Ok(cut)]), Err(BodyError::Damaged("gzip")), "{length}");
    }
    let mut flipped = whole.clone();
    let crc = flipped.len() - 8;
    flipped[crc] ^= 1;
    for damaged in
        [flipped, [whole.clone(), b"x".to_vec()].concat(), [&whole[..], &whole[..9]].concat(), b"a=1".to_vec()]
    {
        assert_eq!(read(&[("content-encoding", "gzip")], vec![Ok(damaged.into())]), Err(BodyError::Damaged("gzip")));
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
