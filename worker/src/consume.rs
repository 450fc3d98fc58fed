//! Takes messages and settles them: work first, acknowledgement last. Only this folder settles a delivery, and AMQP types
//! stop here. A late acknowledgement may be lost, so the work must be safe to repeat. A message comes from the broker, or
//! from the spool: all messages where there is no broker, what wakes runs everywhere, and submissions while the broker
//! takes nothing.

mod delivery;
pub mod health;
pub mod message;
mod nodes;
pub(crate) mod outages;
mod queues;
pub mod rabbitmq;
pub(crate) mod relay;
pub(crate) mod set_aside;
pub(crate) mod slots;
pub(crate) mod spool;
pub(crate) mod verdict;
