//! What holds stands in `bodies`, where the tests play the kept corpus through it as well.
#![no_main]

#[path = "../bodies/comparison.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|data: &[u8]| body::check(data));
