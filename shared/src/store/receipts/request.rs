//! `$request` as a receipt keeps it. Most hold the address of the caller and the time of the receipt, and nothing else: of
//! these the address is kept alone.

use std::net::IpAddr;
use std::time::SystemTime;

use serde_json::Value;

use crate::clock;
use crate::env::Env;
use crate::store::{StoreError, parsed};

/// The address of the caller, if `$request` can be made of it and of the time of the receipt.
pub fn fold(request: &Env, accepted_at: SystemTime) -> Option<IpAddr> {
    let [ip, time] = ["ip", "time"].map(|name| request.get(name).and_then(Value::as_str));
    let address: IpAddr = ip?.parse().ok()?;
    let is_all = request.0.len() == 2 && ip? == address.to_string() && time? == clock::time(accepted_at);
    is_all.then_some(address)
}

/// `$request` as it was.
pub fn unfold(request: Option<&str>, address: Option<IpAddr>, accepted_at: SystemTime) -> Result<Env, StoreError> {
    match (request, address) {
        (Some(request), _) => parsed(request),
        (None, Some(address)) => Ok(made_of(address, accepted_at)),
        (None, None) => Ok(Env::default()),
    }
}

fn made_of(address: IpAddr, accepted_at: SystemTime) -> Env {
    let text = |name: &str, value: String| (name.to_owned(), Value::String(value));
    [text("ip", address.to_string()), text("time", clock::time(accepted_at))].into_iter().collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::intake::call::described;

    #[test]
    fn a_request_is_read_as_it_was_whether_it_is_folded_or_not() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_733_652_000_001);
        let more: Env = [("ip".to_owned(), "::1".into()), ("headers".to_owned(), "a".into())].into_iter().collect();
        for (request, is_folded) in [
            (described("127.0.0.1", at), true),
            (described("2001:db8::1", at), true),
            (described("2001:DB8::1", at), false),
            (described("127.0.0.1", at + Duration::from_millis(1)), false),
            (more, false),
            (Env::default(), false),
        ] {
            let (address, text) = (fold(&request, at), request.to_string());
            assert_eq!(address.is_some(), is_folded, "{text}");
            let stored = if is_folded { None } else { Some(text.as_str()) };
            assert_eq!(unfold(stored, address, at).unwrap(), request);
        }
    }
}
