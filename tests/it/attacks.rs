//! What one caller, one target, one run or one stranger tries, and what the others see of it.

mod environment;
mod logs;
mod reasons;
mod settings;
mod slow;
