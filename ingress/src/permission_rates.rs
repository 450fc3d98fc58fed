//! The limits of permissions: a call beyond the limit gets 429 with the time after which there is room. Each ingress
//! counts for itself. A permission without a limit costs nothing here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use postern_http::rate::{self, Rate, Taken};
use postern_shared::id::PermissionKey;
use postern_shared::intake::error::{ApiError, ErrorCode};
use postern_shared::message::Message;
use postern_shared::permission::Permission;

/// Permissions whose calls are counted. The one with the fewest makes room for another.
const MAX_PERMISSIONS: usize = 4_096;

/// What the callers of each permission have taken of its limit.
#[derive(Debug, Default)]
pub struct PermissionRates(Mutex<HashMap<PermissionKey, Taken>>);

impl PermissionRates {
    /// Takes one call of the limit.
    ///
    /// # Errors
    /// 429, with the time after which there is room.
    pub fn take(&self, permission: &Permission) -> Result<(), ApiError> {
        self.take_at(permission, Instant::now())
    }

    fn take_at(&self, permission: &Permission, now: Instant) -> Result<(), ApiError> {
        let Some(limit) = permission.limit else { return Ok(()) };
        // A thread that panicked here left nothing half done.
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rate::make_room(&mut taken, &permission.key, MAX_PERMISSIONS, |taken| *taken);
        let of_permission = taken.entry(permission.key.clone()).or_default();
        let rate = Rate { burst: limit.calls, each: limit.per / limit.calls };
        rate.take(of_permission, now)
            .map_err(|wait| ApiError::new(ErrorCode::TooBusy(rate::seconds(wait)), Message::LimitReached))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn permission(key: &str, limit: Option<&str>) -> Permission {
        let document = json!({"permission": key, "addresses": "10.0.0.1", "triggers": ["t"], "limit": limit});
        Permission::from_document(&document).unwrap()
    }

    #[test]
    fn a_permission_takes_its_limit_at_once_and_then_evenly() {
        let (rates, now) = (PermissionRates::default(), Instant::now());
        let limited = permission("a", Some("10/m"));
        let taken = |at| (0..100).take_while(|_| rates.take_at(&limited, at).is_ok()).count();
        assert_eq!((taken(now), taken(now), taken(now + Duration::from_secs(12))), (10, 0, 2));
        let refused = rates.take_at(&limited, now + Duration::from_secs(12)).unwrap_err();
        assert_eq!(refused.code, ErrorCode::TooBusy(6));
        assert!(rates.take_at(&permission("b", Some("10/m")), now).is_ok());
        assert!((0..1_000).all(|_| rates.take_at(&permission("c", None), now).is_ok()));
    }
}
