//! The check of a mail server: Postern connects, encrypts and logs in, and sends nothing.

use postern_shared::id::ConnectionName;
use postern_shared::message::{ConnectionFault, Message};

use super::{CALL, Said};
use crate::outside::Outside;

pub(super) async fn check(outside: &Outside, name: &ConnectionName) -> Said {
    let server = outside.mail_server(name, CALL).await.map_err(|failure| failure.reason)?;
    match server.check(CALL).await {
        Ok(()) => Ok(ConnectionFault::LetsIn.into()),
        // RFC 4954, 6: these are the answers to a log-in.
        Err(Message::MailRefuses { status: status @ (530 | 534 | 535 | 538) }) => {
            Err(ConnectionFault::LoginRefused { status }.into())
        }
        Err(reason) => Err(reason),
    }
}
