//! The order of checks before a body is read, so that a stranger learns nothing:
//! address → short URL → method → origin → selectors → target. Each check narrows the permissions that are left;
//! whichever check leaves none gives the answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::intake::error::ApiError;
use postern_shared::permission::Permission;
use postern_shared::permission::short_url::ShortUrl;
use postern_shared::submission::Target;

use crate::state::Snapshot;

/// The permissions that are left after the checks so far.
#[derive(Debug)]
pub struct Access<'a> {
    left: Vec<&'a Arc<Permission>>,
}

impl<'a> Access<'a> {
    /// Address: none of the others is looked at for a stranger.
    pub fn admit(snapshot: &'a Snapshot, caller: IpAddr, now: SystemTime) -> Result<Self, ApiError> {
        let left: Vec<_> = snapshot.admitting(caller, now).collect();
        if left.is_empty() { Err(ApiError::address_denied(caller)) } else { Ok(Self { left }) }
    }

    /// Whether a permission of this key is among those that are left.
    pub fn holds(&self, key: &postern_shared::id::PermissionKey) -> bool {
        self.left.iter().any(|one| one.key == *key)
    }

    /// Short URL: a permission with one of its own answers only there. `path` is normalized.
    pub fn short_url(mut self, path: &str, default: &ShortUrl) -> Result<Self, ApiError> {
        let segment = path.strip_prefix('/').unwrap_or(path);
        self.left.retain(|one| one.short_url.as_ref().unwrap_or(default).as_str() == segment);
        if self.left.is_empty() { Err(ApiError::unknown_short_url()) } else { Ok(self) }
    }

    /// Origin: a page seen inside a permitted office must not post in the office's name.
    pub fn origin(mut self, origin: Option<&str>) -> Result<Self, ApiError> {
        let Some(origin) = origin else { return Ok(self) };
        self.left.retain(|one| one.origins.iter().any(|listed| listed.eq_ignore_ascii_case(origin)));
        if self.left.is_empty() { Err(ApiError::origin_denied()) } else { Ok(self) }
    }

    /// Target: the named one if a permission allows it, else the only one that a permission allows.
    pub fn target(self, named: Option<Target>) -> Result<(&'a Arc<Permission>, Target), ApiError> {
        if let Some(target) = named {
            let allowing = self.left.into_iter().find(|one| one.allows(&target));
            return allowing.map(|one| (one, target)).ok_or_else(ApiError::target_denied);
        }
        let mut defaults = self.left.into_iter().filter_map(|one| Some((one, one.default_target()?)));
        let first = defaults.next().ok_or_else(ApiError::target_missing)?;
        // Two permissions with different single targets: whichever we took would be a guess.
        if defaults.any(|(_, other)| other != first.1) { Err(ApiError::target_missing()) } else { Ok(first) }
    }
}
