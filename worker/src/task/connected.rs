//! A step whose record is kept by another system: says what is to be done there, and how the step goes on.

mod asked;
mod comment;
mod create_record;
mod delete_record;
mod find_record;
mod set_value;

pub use self::asked::{again, call};
pub use self::comment::comment;
pub use self::create_record::create_record;
pub use self::delete_record::delete_record;
pub use self::find_record::find_record;
pub use self::set_value::set_value;
