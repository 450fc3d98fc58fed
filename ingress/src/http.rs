//! What is the same for requests of any kind: what they and their answers take of the memory of this process, all of them
//! together, and the answer that names methods.

pub mod body_budget;
pub mod methods;
