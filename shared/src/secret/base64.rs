//! The base64 of a value (RFC 4648, 4 and 5), wherever the value stands in what was encoded: `user:VALUE` has other letters
//! than `VALUE`.

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, Encoding};

/// Letters that tell a value. The letter on each side may hold bits of the value and bits of its neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// The letters that hold bits of the value only.
    pub text: String,
    /// Whether the letter before them holds bits of the value.
    pub is_shared_before: bool,
    /// Whether the letter behind them holds bits of the value.
    pub is_shared_behind: bool,
}

/// Bits of a letter, and of a byte.
const BITS: (usize, usize) = (6, 8);

/// The base64 of a value behind 0, 1 or 2 bytes, in both alphabets.
pub fn letters(value: &[u8]) -> Vec<Letters> {
    let behind = |alphabet: &Encoding, before: usize| {
        let encoded = alphabet.encode(&[&[0; 2][..before], value].concat());
        let (begin, end) = (before * BITS.1, (before + value.len()) * BITS.1);
        Letters {
            text: encoded.get(begin.div_ceil(BITS.0)..end / BITS.0).unwrap_or_default().to_owned(),
            is_shared_before: begin % BITS.0 > 0,
            is_shared_behind: end % BITS.0 > 0,
        }
    };
    let mut all: Vec<Letters> = Vec::new();
    for alphabet in &[BASE64_NOPAD, BASE64URL_NOPAD] {
        for one in (0..3).map(|before| behind(alphabet, before)) {
            if !all.contains(&one) {
                all.push(one);
            }
        }
    }
    all
}

/// Whether a byte is a letter of base64.
pub fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}
