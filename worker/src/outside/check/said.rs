//! What a check says, and how long one of its calls may take.

use std::time::Duration;

use postern_shared::message::Message;

/// How long one call of a check may take: less than the check, so that the call says what was late.
pub const CALL: Duration = Duration::from_secs(8);

/// What a system said of a connection that works, or what is wrong with the connection.
pub type Said = Result<Message, Message>;
