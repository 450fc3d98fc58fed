//! The charset of a file: found in its bytes, and read as UTF-8 a piece at a time. Text that cannot be read in its
//! charset is an error that names the byte; it is never patched.

use std::io::{self, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8};

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// The charset of a text: that of its byte order mark, else UTF-8 if all of it is, else the most likely one.
pub fn find(mut text: impl Read) -> io::Result<&'static Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let (mut chunk, mut is_ascii, mut is_first) = (vec![0; CHUNK_BYTES], true, true);
    loop {
        let read = text.read(&mut chunk)?;
        let bytes = &chunk[..read];
        if is_first && let Some((marked, _)) = Encoding::for_bom(bytes) {
            return Ok(marked);
        }
        is_first = false;
        is_ascii &= bytes.is_ascii();
        detector.feed(bytes, read == 0);
        if read == 0 {
            break;
        }
    }
    Ok(if is_ascii { UTF_8 } else { detector.guess(None, Utf8Detection::Allow) })
}

/// A text as UTF-8.
pub struct Decoded<R> {
    from: R,
    decoder: Decoder,
    chunk: Vec<u8>,
    text: String,
    /// How much of `text` was handed out.
    taken: usize,
    has_ended: bool,
    /// Bytes of the source that were read.
    read: Arc<AtomicU64>,
}

impl<R: Read> Decoded<R> {
    /// Reads a source in a charset, whose byte order mark is left out. `read` counts the bytes of the source.
    pub fn new(from: R, charset: &'static Encoding, read: Arc<AtomicU64>) -> Self {
        let decoder = charset.new_decoder_with_bom_removal();
        Self { from, decoder, chunk: vec![0; CHUNK_BYTES], text: String::new(), taken: 0, has_ended: false, read }
    }

    fn refill(&mut self) -> io::Result<()> {
        let count = self.from.read(&mut self.chunk)?;
        self.has_ended = count == 0;
        self.text.clear();
        self.taken = 0;
        let most = self.decoder.max_utf8_buffer_length_without_replacement(count);
        self.text.reserve(most.unwrap_or(CHUNK_BYTES * 4));
        let chunk = &self.chunk[..count];
        let (result, consumed) =
            self.decoder.decode_to_string_without_replacement(chunk, &mut self.text, self.has_ended);
        let before = self.read.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        match result {
            DecoderResult::InputEmpty => Ok(()),
            DecoderResult::Malformed(..) | DecoderResult::OutputFull => {
                let at = before + u64::try_from(consumed).unwrap_or(0);
                let name = self.decoder.encoding().name();
                Err(io::Error::new(ErrorKind::InvalidData, format!("the text before byte {at} is not {name}")))
            }
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            if self.has_ended {
                return Ok(0);
            }
            self.refill()?;
        }
        let left = &self.text.as_bytes()[self.taken..];
        let count = left.len().min(out.len());
        out[..count].copy_from_slice(&left[..count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{UTF_16LE, WINDOWS_1251, WINDOWS_1252};

    use super::*;

    fn decoded(bytes: &[u8], charset: &'static Encoding) -> io::Result<String> {
        let mut text = String::new();
        Decoded::new(bytes, charset, Arc::default()).read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn the_charset_is_that_of_the_mark_or_of_the_letters() {
        let russian = "имя;город\nКовалевская;Санкт-Петербург\n";
        let german = "Name;Stadt\nMüller;Köln\nGrößer;Düsseldorf\n";
        let utf_16: Vec<u8> = [0xFEFF].into_iter().chain(russian.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for (bytes, charset, text) in [
            (b"a,b\n".to_vec(), UTF_8, "a,b\n"),
            (russian.as_bytes().to_vec(), UTF_8, russian),
            ([b"\xEF\xBB\xBF", russian.as_bytes()].concat(), UTF_8, russian),
            (utf_16, UTF_16LE, russian),
            (WINDOWS_1251.encode(russian).0.into_owned(), WINDOWS_1251, russian),
            (WINDOWS_1252.encode(german).0.into_owned(), WINDOWS_1252, german),
        ] {
            assert_eq!(find(&*bytes).unwrap(), charset, "{text}");
            assert_eq!(decoded(&bytes, charset).unwrap(), text);
        }
    }

    #[test]
    fn a_text_in_another_charset_is_an_error_that_names_it() {
        let error = decoded(b"a\n\xD0\xCE", UTF_8).unwrap_err().to_string();
        assert!(error.contains("is not UTF-8"), "{error}");
        assert!(decoded(b"\xD0", UTF_8).is_err(), "a letter is cut off at the end");
    }

    #[test]
    fn letters_are_whole_where_pieces_meet() {
        let long = "я".repeat(CHUNK_BYTES) + "z";
        assert_eq!(decoded(format!(" {long}").as_bytes(), UTF_8).unwrap(), format!(" {long}"));
    }
}
