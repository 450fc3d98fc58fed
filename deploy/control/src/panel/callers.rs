//! Who was refused: each refused caller is one click away from a draft of a permission.

use std::collections::HashSet;
use std::net::IpAddr;
use std::time::SystemTime;

use postern_shared::intake::error::ErrorCode;
use postern_shared::permission::Permission;
use postern_shared::store::rejected_callers;

use super::frame::Frame;
use super::reply::Refusal;
use super::shown::Moment;
use super::visit::Visit;

/// How many are shown: whoever scans the network must not fill the page.
const SHOWN: usize = 20;
/// How many are looked at: an address stands there once a day.
const LOOKED_AT: i64 = 200;

/// The code of a refusal because of a forwarding header from a proxy that is not trusted.
const PROXY: &str = ErrorCode::ProxyNotTrusted.as_str();

/// A refused caller.
#[derive(Debug)]
pub struct Caller {
    pub address: String,
    /// Whether a permission would help: not if it stands for others, as a proxy does.
    pub can_be_let_in: bool,
    /// The code of the latest refusal.
    pub reason: String,
    pub count: i64,
    pub at: Moment,
}

/// The refused callers that no permission admits by now.
#[derive(Debug)]
pub struct Callers {
    pub rows: Vec<Caller>,
    /// Whether one of them looks like a proxy that nobody named: it hands on the address of another, or all come from
    /// the same private address.
    pub is_proxy_missing: bool,
}

/// Those of the last days, the latest first.
pub async fn refused(visit: &Visit<'_>, p: &Frame, permissions: &[&Permission]) -> Result<Callers, Refusal> {
    let latest = rejected_callers::latest(&visit.connection().await?, LOOKED_AT).await?;
    let (now, mut seen) = (SystemTime::now(), HashSet::new());
    let mut rows = Vec::new();
    for (_, one) in latest {
        let ip = one.address.parse::<IpAddr>().ok();
        let is_admitted = || ip.is_some_and(|ip| permissions.iter().any(|permission| permission.admits(ip, now)));
        if rows.len() < SHOWN && seen.insert(one.address.clone()) && !is_admitted() {
            let at = p.moment(&one.last_at);
            rows.push(Caller {
                can_be_let_in: ip.is_some() && one.reason != PROXY,
                address: one.address,
                reason: one.reason,
                count: one.count,
                at,
            });
        }
    }
    let is_proxy_missing = rows.iter().any(|one| one.reason == PROXY)
        || matches!(rows.as_slice(), [only] if only.count > 1 && is_private(&only.address));
    Ok(Callers { rows, is_proxy_missing })
}

fn is_private(address: &str) -> bool {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_private() || ip.is_loopback(),
        Ok(IpAddr::V6(ip)) => ip.is_unique_local() || ip.is_loopback(),
        Err(_) => false,
    }
}
