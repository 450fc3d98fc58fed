//! End to end: real processes on the real PostgreSQL and RabbitMQ.

mod bodies;
mod faults;
mod harness;
mod submit;
mod workflows;
