//! What can be wrong with a connection, and with what names one.

use serde::{Deserialize, Serialize};

use crate::id::ConnectionName;
use crate::message::Inner;
use crate::message::codes::codes;

codes! {
    /// What can be wrong with a connection, and with what names one.
    ConnectionFault:

    // The connection itself.
    "one-system" OneSystem { keys: String };
    "one-way" OneWay { ways: String };
    "address-form" AddressForm;
    "only-secrets" OnlySecrets;
    "user-colon" UserColon;
    "host-form" HostForm;
    "login-half" LoginHalf { key: String };
    "sender-form" SenderForm;

    // What names it.
    "no-connection" NoConnection { connection: ConnectionName };
    "connection-other" ConnectionOther { connection: ConnectionName, system: String, needed: String };
    "connection-needed" ConnectionNeeded { kind: Inner, key: String, needed: String };
}
