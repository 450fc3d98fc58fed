//! What a call asks for, once its address is permitted: its selectors, the key of an earlier one, the lane, and the
//! submission made of all that; or why it is refused. No server stands here: ingress makes submissions of requests, and
//! control of refused bodies that are read again.

pub mod burst_detector;
pub mod call;
pub mod dedupe;
pub mod error;
pub mod remedy;
pub mod selector;
