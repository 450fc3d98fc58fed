//! The broker: the only AMQP of this crate.
