//! Numbers between two bounds. A number beyond them is refused before anything starts, with the reason of the bound.

use std::fmt::Display;
use std::str::FromStr;

/// Reads a number from `least` to `most`. `why` tells what a larger or smaller one would do.
pub fn between<T: FromStr + PartialOrd + Display>(text: &str, least: T, most: T, why: &str) -> Result<T, String> {
    match text.trim().parse() {
        Ok(number) if number >= least && number <= most => Ok(number),
        _ => Err(format!("it must be a number from {least} to {most}: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_its_bounds_is_refused_with_both() {
        assert_eq!(between("8", 1_u16, 64, "why"), Ok(8));
        assert_eq!(between(" 64 ", 1_u16, 64, "why"), Ok(64));
        for text in ["0", "65", "-1", "", "x", "1.5", "99999999999999999999", "0x8", "8 8"] {
            assert_eq!(between(text, 1_u16, 64, "why"), Err("it must be a number from 1 to 64: why".into()), "{text}");
        }
    }
}
