//! How a body was encoded to be sent (RFC 9110, 8.4). gzip, deflate and br are read; the name of a charset, which some
//! callers put into this header, is no encoding.

use std::io::{self, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::Bytes;
use flate2::bufread::{DeflateDecoder, GzDecoder, ZlibDecoder};
use warp::http::HeaderMap;
use warp::http::header::CONTENT_ENCODING;

use super::BodyError;

/// What a decoder of Brotli writes at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// The most members of a gzip stream: tools that pack in parallel write one for each of their threads.
const MAX_MEMBERS: usize = 64;

/// How a body was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Gzip,
    /// The format of zlib, as the name says, or the data of deflate alone, which some callers send.
    Deflate,
    Brotli,
}

impl Encoding {
    /// The encoding of a request; none = it was sent as it is.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, BodyError> {
        let mut found = None;
        for line in headers.get_all(CONTENT_ENCODING) {
            let line = String::from_utf8_lossy(line.as_bytes());
            for name in line.split(',').map(str::trim).filter(|name| !is_none(name)) {
                // Nobody compresses a body twice in earnest.
                let encoding = Self::named(name).filter(|_| found.is_none());
                let unsupported = || BodyError::UnsupportedEncoding(name.chars().take(40).collect());
                found = Some(encoding.ok_or_else(unsupported)?);
            }
        }
        Ok(found)
    }

    /// The encoding that the bytes show themselves: no text begins like gzip (RFC 1952, 2.3.1).
    pub(super) fn shown_by(sent: &[u8]) -> Option<Self> {
        sent.starts_with(&[0x1f, 0x8b, 8]).then_some(Self::Gzip)
    }

    fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            // `x-gzip` is the same (RFC 9110, 8.4.1.3).
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            _ => None,
        }
    }

    /// The name of the encoding.
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
        }
    }

    /// What the body inflates to, within a limit in bytes. It must be one whole stream and nothing behind it, or some
    /// members of gzip: a million empty ones would cost a million resets of the decoder.
    pub(super) fn inflate(self, sent: &[u8], limit: usize) -> Result<Bytes, BodyError> {
        let read = match self {
            Self::Gzip => members(sent, limit),
            Self::Deflate if is_zlib(sent) => whole(ZlibDecoder::new(sent), ZlibDecoder::into_inner, limit),
            Self::Deflate => whole(DeflateDecoder::new(sent), DeflateDecoder::into_inner, limit),
            Self::Brotli => Ok(brotli(sent, limit)),
        };
        match read {
            Ok(Some(plain)) if plain.len() > limit => Err(BodyError::TooLarge(limit)),
            Ok(Some(plain)) => Ok(plain.into()),
            Ok(None) | Err(_) => Err(BodyError::Damaged(self.name())),
        }
    }
}

/// All that the members of a gzip stream give (RFC 1952, 2.2), or one byte more than the limit; nothing if they are too many.
fn members(mut sent: &[u8], limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    for _ in 0..MAX_MEMBERS {
        let one_more = u64::try_from(limit - plain.len()).unwrap_or(u64::MAX).saturating_add(1);
        let mut decoder = GzDecoder::new(sent);
        decoder.by_ref().take(one_more).read_to_end(&mut plain)?;
        sent = decoder.into_inner();
        if sent.is_empty() || plain.len() > limit {
            return Ok(Some(plain));
        }
    }
    Ok(None)
}

/// All that a decoder gives, or one byte more than the limit; nothing if more was sent behind its end.
fn whole<'s, D: Read>(
    mut decoder: D,
    into_inner: impl FnOnce(D) -> &'s [u8],
    limit: usize,
) -> io::Result<Option<Vec<u8>>> {
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut plain = Vec::new();
    decoder.by_ref().take(one_more).read_to_end(&mut plain)?;
    let is_whole = plain.len() > limit || into_inner(decoder).is_empty();
    Ok(is_whole.then_some(plain))
}

/// The same for Brotli; nothing if the stream is damaged, too. Windows of up to 1 GiB are an extension that browsers do not
/// read, and neither does this. Of a window of 16 MiB, the largest of the format, only what is written takes memory.
fn brotli(sent: &[u8], limit: usize) -> Option<Vec<u8>> {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let (mut plain, mut chunk) = (Vec::new(), vec![0; CHUNK_BYTES]);
    let (mut left, mut at, mut total) = (sent.len(), 0, 0);
    loop {
        let (mut room, mut written) = (chunk.len(), 0);
        let result = BrotliDecompressStream(
            &mut left,
            &mut at,
            sent,
            &mut room,
            &mut written,
            &mut chunk,
            &mut total,
            &mut state,
        );
        plain.extend_from_slice(&chunk[..written]);
        match result {
            _ if plain.len() > limit => return Some(plain),
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultSuccess => return (left == 0).then_some(plain),
            BrotliResult::NeedsMoreInput | BrotliResult::ResultFailure => return None,
        }
    }
}

/// Whether the header is that of zlib (RFC 1950, 2.2): the method is deflate, and both bytes are a multiple of 31.
fn is_zlib(sent: &[u8]) -> bool {
    matches!(sent, [first, second, ..] if first & 15 == 8 && u16::from_be_bytes([*first, *second]) % 31 == 0)
}

/// Whether a name says that nothing was encoded: `identity`, the encodings of RFC 2045 that change nothing, the name of a
/// charset (`Content-Encoding: UTF-8`), and no name at all.
fn is_none(name: &str) -> bool {
    let is_identity =
        ["", "identity", "none", "7bit", "8bit", "binary"].iter().any(|one| name.eq_ignore_ascii_case(one));
    is_identity || encoding_rs::Encoding::for_label(name.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const LIMIT: usize = 100;

    /// `a=1&b=2`, by the reference implementation (in Node).
    const BROTLI: &[u8] = &[0x0b, 0x03, 0x80, b'a', b'=', b'1', b'&', b'b', b'=', b'2', 0x03];

    fn encoding(header: &str) -> Result<Option<Encoding>, BodyError> {
        Encoding::of(&HeaderMap::from_iter([(CONTENT_ENCODING, header.parse().unwrap())]))
    }

    fn zlib(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(plain: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_charset_is_no_encoding_and_what_is_not_read_is_named() {
        for (header, expected) in [
            // C16 of the callers.
            ("UTF-8", Ok(None)),
            ("utf8", Ok(None)),
            ("windows-1251", Ok(None)),
            ("ISO-8859-1", Ok(None)),
            ("8bit", Ok(None)),
            ("identity, ,", Ok(None)),
            ("utf-8, gzip", Ok(Some(Encoding::Gzip))),
            ("GZIP", Ok(Some(Encoding::Gzip))),
            ("x-gzip", Ok(Some(Encoding::Gzip))),
            ("Deflate", Ok(Some(Encoding::Deflate))),
            ("br", Ok(Some(Encoding::Brotli))),
            ("zstd", Err("zstd")),
            ("gzip, gzip", Err("gzip")),
            ("gzip, br", Err("br")),
            ("compress", Err("compress")),
            ("base64", Err("base64")),
        ] {
            let expected = expected.map_err(|name| BodyError::UnsupportedEncoding(name.into()));
            assert_eq!(encoding(header), expected, "{header}");
        }
    }

    #[test]
    fn each_encoding_is_inflated_within_the_limit_and_only_whole() {
        let plain = b"a=1&b=2";
        for (encoding, sent) in [
            (Encoding::Gzip, gzip(plain)),
            (Encoding::Deflate, zlib(plain)),
            (Encoding::Deflate, deflate(plain)),
            (Encoding::Brotli, BROTLI.to_vec()),
        ] {
            assert_eq!(encoding.inflate(&sent, LIMIT).unwrap(), &plain[..], "{encoding:?}");
            assert_eq!(encoding.inflate(&sent, plain.len()).unwrap(), &plain[..], "{encoding:?}");
            assert_eq!(encoding.inflate(&sent, 6), Err(BodyError::TooLarge(6)), "{encoding:?}");
            for length in 1..sent.len() {
                assert!(encoding.inflate(&sent[..length], LIMIT).is_err(), "{encoding:?} {length}");
            }
            for behind in
                [&b"x"[..], &sent].into_iter().filter(|behind| encoding != Encoding::Gzip || behind.len() == 1)
            {
                let longer = encoding.inflate(&[&sent, behind].concat(), LIMIT);
                assert_eq!(longer, Err(BodyError::Damaged(encoding.name())), "{encoding:?}");
            }
            assert_eq!(encoding.inflate(b"\xfe\xfe=1", LIMIT), Err(BodyError::Damaged(encoding.name())));
        }
        for (members, inflated) in [
            (1, Ok(7)),
            (2, Ok(14)),
            (14, Ok(98)),
            (15, Err(BodyError::TooLarge(LIMIT))),
            (200, Err(BodyError::TooLarge(LIMIT))),
        ] {
            let read = Encoding::Gzip.inflate(&gzip(plain).repeat(members), LIMIT);
            assert_eq!(read.map(|plain| plain.len()), inflated, "{members}");
        }
        assert_eq!(Encoding::Gzip.inflate(&gzip(b"").repeat(65), LIMIT), Err(BodyError::Damaged("gzip")));
        assert_eq!(Encoding::shown_by(&gzip(plain)), Some(Encoding::Gzip));
        assert_eq!((Encoding::shown_by(plain), Encoding::shown_by(b"")), (None, None));
        for bomb in [gzip(&[b'x'; LIMIT + 1]), gzip(&[0; 20_000])] {
            assert_eq!(Encoding::Gzip.inflate(&bomb, LIMIT), Err(BodyError::TooLarge(LIMIT)));
        }
        for bomb in [zlib(&[0; 20_000]), deflate(&[0; 20_000])] {
            assert_eq!(Encoding::Deflate.inflate(&bomb, LIMIT), Err(BodyError::TooLarge(LIMIT)));
        }
    }

    #[test]
    fn hostile_brotli_ends_soon_and_takes_no_more_than_the_limit() {
        let started = std::time::Instant::now();
        // The largest window and the longest meta-block of the format, a window of the extension, empty meta-blocks.
        let long = [&[0x0f_u8, 0xff, 0xff, 0xff][..], &[0; 1_000]].concat();
        let large = [&[0x11_u8, 0x1e][..], &[0xff; 1_000]].concat();
        for sent in [long, large, vec![0x06; 1_000_000], vec![0; 1_000_000], vec![0xff; 1_000_000]] {
            assert!(Encoding::Brotli.inflate(&sent, 1_000_000).is_err());
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(10));
    }
}
