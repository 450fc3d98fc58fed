//! Reads the body of a request into variables. A body is bytes and a content type here: what carries it is the business
//! of a server.

pub mod answer;
mod batch;
mod beginning;
pub mod fields;
pub(crate) mod form;
mod json;
mod media_type;
pub mod memory;
mod multipart;
mod nesting;
mod node;
pub mod parameters;
mod raw;
pub mod shape;
mod surrogates;
mod text;
mod transfer;
mod wide;

pub(crate) use form::{decoded, pairs};
pub(crate) use media_type::parameter;
pub(crate) use nesting::{Nesting, brackets};
pub(crate) use text::decode_anyhow;

pub use json::looks_like_object;
pub use text::encoding;
