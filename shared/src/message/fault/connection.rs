//! What can be wrong with a connection, and with what names one.

use serde::{Deserialize, Serialize};

use crate::id::{ConnectionName, ModuleName};
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
    "host-fixed" HostFixed;
    "no-connection" NoConnection { connection: ConnectionName };
    "connection-other" ConnectionOther { connection: ConnectionName, system: String, needed: String };
    "connection-needed" ConnectionNeeded { kind: Inner, key: String, needed: String };

    // What came of a call.
    "path-leaves" PathLeaves;
    "connection-moved" ConnectionMoved { connection: ConnectionName };
    "token-not-fetched" TokenNotFetched { message: Inner };
    "token-refused" TokenRefused { status: u16 };
    "token-answered" TokenAnswered { status: u16 };
    "token-unreadable" TokenUnreadable;

    // What a check found.
    "works" Works { status: u16 };
    "lets-in" LetsIn;
    "redirects" Redirects { to: String };
    "redirects-to-https" RedirectsToHttps { to: String };
    "login-refused" LoginRefused { status: u16 };
    "login-needed" LoginNeeded { status: u16 };
    "forbidden" Forbidden { status: u16 };
    "certificate-unknown" CertificateUnknown;
    "certificate-name" CertificateName;
    "certificate-expired" CertificateExpired;
    "no-tls" NoTls;
    "no-vtiger" NoVtiger { status: u16 };
    "user-unknown" UserUnknown;
    "user-inactive" UserInactive;
    "key-wrong" KeyWrong { answer: String };
    "module-denied" ModuleDenied { module: ModuleName };
    "clock-wrong" ClockWrong { seconds: u64 };
    "webservice-off" WebserviceOff { status: u16 };
    "vtiger-works" VtigerWorks { version: String };
    "vtiger-described" VtigerDescribed { module: ModuleName };
    "no-worker" NoWorker;

    // What a declared module has and the other system has otherwise.
    "drift-gone" DriftGone { field: String };
    "drift-fixed" DriftFixed { field: String };
    "drift-type" DriftType { field: String, kind: String, theirs: String };
    "drift-options" DriftOptions { field: String, options: String };
    "drift-mandatory" DriftMandatory { field: String };
    "drift-unset" DriftUnset { field: String };
}
