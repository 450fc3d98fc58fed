//! Reads the body of a request into variables. A body is bytes and a content type here: what carries it is the business
//! of a server.

pub mod fields;
mod form;
mod json;
mod multipart;
mod nesting;
pub mod parameters;
pub mod shape;
mod text;

pub(crate) use form::{decoded, pairs};
pub(crate) use nesting::Nesting;
pub(crate) use text::{decode_name, decode_value};
