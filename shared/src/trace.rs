//! The trace to which a submission belongs, as the header `traceparent` names it (W3C Trace Context). It travels with the
//! submission and with the checkpoints of its runs. The ids of the spans of a receipt, its runs and their steps follow from
//! the receipt: whichever worker takes a run further finds the same ones, and a transaction that is done again makes no
//! second span.

mod state;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::id::ReceiptId;
use crate::resume::RunKey;
pub use state::{TRACESTATE, TraceState, lenient as lenient_state};

/// The name of the header.
pub const TRACEPARENT: &str = "traceparent";

/// The letters of a header of version 00. Later versions may have more behind them.
const LETTERS: usize = 55;

/// The flag of a trace that is kept.
const SAMPLED: u8 = 1;

/// A span of a trace, as others refer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace; never 0.
    pub trace: u128,
    /// The span; never 0.
    pub span: u64,
    /// Whether the spans of the trace are kept.
    pub is_sampled: bool,
}

impl TraceContext {
    /// The first span of a new trace.
    pub fn root(is_sampled: bool) -> Self {
        // A UUID has six bits that are not drawn. In each half other ones are drawn for them.
        let (one, other) = (Uuid::new_v4().as_u128(), Uuid::new_v4().as_u128());
        let trace = one ^ other.rotate_left(64);
        Self { trace, span: 0, is_sampled }.child()
    }

    /// Another span of the same trace.
    pub fn child(self) -> Self {
        let (high, low) = Uuid::new_v4().as_u64_pair();
        self.with_span(high ^ low.rotate_left(32))
    }

    /// The span of a receipt.
    pub fn of_receipt(self, receipt: ReceiptId) -> Self {
        self.derived(receipt, 0, 0)
    }

    /// The span of a run.
    pub fn of_run(self, run: RunKey) -> Self {
        self.derived(run.receipt, run.number, 0)
    }

    /// The span of a step; `number` is its place on the path of its run, from 1.
    pub fn of_step(self, run: RunKey, number: i32) -> Self {
        self.derived(run.receipt, run.number, number)
    }

    fn derived(self, receipt: ReceiptId, run: i16, step: i32) -> Self {
        let named = Sha256::new()
            .chain_update(receipt.uuid().as_bytes())
            .chain_update(run.to_be_bytes())
            .chain_update(step.to_be_bytes())
            .finalize();
        let first = named.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte));
        self.with_span(first)
    }

    fn with_span(self, span: u64) -> Self {
        Self { span: span.max(1), ..self }
    }

    /// Reads a header. What is no `traceparent` is none, as the specification wants it.
    pub fn parse(text: &str) -> Option<Self> {
        let (header, more) = text.split_at_checked(LETTERS)?;
        let mut parts = header.split('-');
        let [version, trace, span, flags] = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let lengths = [version.len(), trace.len(), span.len(), flags.len()];
        let is_hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        let is_version = match version {
            "00" => more.is_empty(),
            "ff" => false,
            _ => more.is_empty() || more.starts_with('-'),
        };
        if lengths != [2, 32, 16, 2] || ![version, trace, span, flags].into_iter().all(is_hex) || !is_version {
            return None;
        }
        let trace = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        let flags = u8::from_str_radix(flags, 16).ok()?;
        Some(Self { trace, span, is_sampled: flags & SAMPLED != 0 })
    }
}

/// As a header of version 00.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span, u8::from(self.is_sampled))
    }
}

impl Serialize for TraceContext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a field that may be missing. What cannot be read is none: no lead is lost for the sake of its trace.
pub fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TraceContext>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.and_then(|text| TraceContext::parse(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_is_read_as_it_was_written_and_anything_else_is_none() {
        let read = TraceContext::parse(HEADER).unwrap();
        assert_eq!((read.trace, read.span), (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, 0xf0_67aa_0ba9_02b7));
        assert_eq!((read.is_sampled, read.to_string()), (true, HEADER.to_owned()));
        let flags = |flags: &str| TraceContext::parse(&HEADER.replace("-01", flags)).map(|read| read.is_sampled);
        assert_eq!(
            [flags("-00"), flags("-03"), flags("-02"), flags("-1")],
            [Some(false), Some(true), Some(false), None]
        );
        let of_later = HEADER.replace("00-4b", "cc-4b");
        assert_eq!(TraceContext::parse(&of_later), Some(read));
        assert_eq!(TraceContext::parse(&format!("{of_later}-more")), Some(read));
        for wrong in [
            String::new(),
            HEADER.to_uppercase(),
            HEADER.replace("00-4b", "ff-4b"),
            HEADER.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            HEADER.replace("00f067aa0ba902b7", &"0".repeat(16)),
            HEADER.replace("a902", "x902"),
            HEADER.replace('-', "_"),
            format!("{HEADER}-more"),
            format!("{of_later}more"),
            format!(" {HEADER}"),
            "ä".repeat(40),
        ] {
            assert_eq!(TraceContext::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_span_of_a_receipt_has_an_id_that_is_always_the_same() {
        let receipt = "0193a5c8-7d00-7abc-8def-0123456789ab".parse().unwrap();
        let (root, run) = (TraceContext::parse(HEADER).unwrap(), RunKey { receipt, number: 1 });
        let spans = [root.of_receipt(receipt), root.of_run(run), root.of_step(run, 1), root.of_step(run, 2)];
        let ids = spans.map(|span| span.span);
        // Another worker, of another version, must find these.
        assert_eq!(
            ids.map(|id| format!("{id:016x}")),
            ["3276f1bc6673f6b2", "aba7ec7416fbeb90", "3ccfbfe08e73c3c1", "1c87ec5106ce643c",]
        );
        assert!(spans.iter().all(|span| span.trace == root.trace && span.is_sampled));
    }

    #[test]
    fn ids_are_drawn_in_all_their_bits() {
        let drawn: Vec<TraceContext> = (0..64).map(|_| TraceContext::root(true)).collect();
        let (ones, zeros) = drawn.iter().fold((0, 0), |(ones, zeros), one| (ones | one.trace, zeros | !one.trace));
        assert_eq!((ones, zeros), (u128::MAX, u128::MAX));
        let (ones, zeros) = drawn.iter().fold((0, 0), |(ones, zeros), one| (ones | one.span, zeros | !one.span));
        assert_eq!((ones, zeros), (u64::MAX, u64::MAX));
    }
}
