//! What one caller, one target, one run or one stranger tries, and what the others see of it.

mod clock;
mod environment;
mod logins;
mod logs;
mod names;
mod readiness;
mod reasons;
mod receipts;
mod refused;
mod replay;
mod settings;
mod slow;
mod spool;
