//! The order of checks before a body is read, so that a stranger learns nothing:
//! address → short URL → method → origin → token → selectors → target. Each check narrows the permissions that are left;
//! whichever check leaves none gives the answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use postern_shared::intake::error::ApiError;
use postern_shared::permission::Permission;
use postern_shared::permission::short_url::ShortUrl;
use postern_shared::permission::token::Token;
use postern_shared::secret::Secrets;
use postern_shared::store::refused_bodies::Proof;
use postern_shared::submission::Target;
use warp::http::HeaderMap;

use crate::state::Snapshot;
use crate::tokens;

/// A permission that may keep the body of a refused call.
#[derive(Debug, Clone, Copy)]
pub struct Keeper<'a> {
    /// The permission.
    pub permission: &'a Permission,
    /// Whether it lists the address of the caller.
    is_listed: bool,
    is_token_right: bool,
}

impl<'a> Keeper<'a> {
    /// A permission whose token the caller has shown, if it asks for one.
    pub fn with_token(permission: &'a Permission, caller: IpAddr) -> Self {
        Self { permission, is_listed: permission.lists(caller), is_token_right: true }
    }

    /// What the call proves; `is_signed` tells whether it is signed as the permission asks for.
    pub fn proof(&self, is_signed: impl FnOnce(&Permission) -> bool) -> Proof {
        if self.is_token_right { Proof::of(self.permission, is_signed) } else { Proof::WrongToken }
    }

    /// Whether it keeps a call of this proof. Of a stranger under `any` address nothing is kept that it does not prove.
    pub fn keeps(&self, proof: Proof) -> bool {
        self.is_listed || !proof.is_wrong()
    }
}

/// The permissions that are left after the checks so far. A check that leaves none leaves them as they were.
#[derive(Debug)]
pub struct Access<'a> {
    caller: IpAddr,
    secrets: &'a Secrets,
    left: Vec<&'a Arc<Permission>>,
    /// Whether the caller has named the short URL of those that are left.
    knows_url: bool,
}

impl<'a> Access<'a> {
    /// Address: none of the others is looked at for a stranger.
    pub fn admit(snapshot: &'a Snapshot, caller: IpAddr, now: SystemTime) -> Result<Self, ApiError> {
        let left: Vec<_> = snapshot.admitting(caller, now).collect();
        if left.is_empty() {
            Err(ApiError::address_denied(caller))
        } else {
            Ok(Self { caller, secrets: &snapshot.secrets, left, knows_url: false })
        }
    }

    /// The secrets that the permissions refer to.
    pub fn secrets(&self) -> &'a Secrets {
        self.secrets
    }

    /// Whether a permission of this key is among those that are left.
    pub fn holds(&self, key: &postern_shared::id::PermissionKey) -> bool {
        self.left.iter().any(|one| one.key == *key)
    }

    /// Those that answer at a path.
    pub fn at(&self, path: &str, default: &ShortUrl) -> impl Iterator<Item = &'a Arc<Permission>> {
        self.left.iter().copied().filter(move |one| is_at(one, path, default))
    }

    /// Those that a call at a path may mean: those that answer there. Where none does, the path is misspelt, and it may mean
    /// any of them.
    pub fn addressed(&self, path: &str, default: &ShortUrl) -> impl Iterator<Item = &'a Permission> {
        let is_any_there = self.at(path, default).next().is_some();
        self.left().filter(move |one| !is_any_there || is_at(one, path, default))
    }

    /// Those that are left.
    pub fn left(&self) -> impl Iterator<Item = &'a Permission> {
        self.left.iter().copied().map(Arc::as_ref)
    }

    /// Whether a remaining permission lists this origin.
    pub fn lists_origin(&self, origin: &str) -> bool {
        self.left.iter().any(|one| one.lists_origin(origin))
    }

    /// The permission that is left, if it is the only one.
    pub fn only(&self) -> Option<&'a Arc<Permission>> {
        self.left.first().copied().filter(|_| self.left.len() == 1)
    }

    /// Whether the caller has named the short URL of those that are left.
    pub fn knows_url(&self) -> bool {
        self.knows_url
    }

    /// Short URL: a permission with one of its own answers only there. `path` is normalized.
    pub fn short_url(&mut self, path: &str, default: &ShortUrl) -> Result<(), ApiError> {
        self.narrow(|one| is_at(one, path, default)).ok_or_else(ApiError::unknown_short_url)?;
        self.knows_url = true;
        Ok(())
    }

    /// The permissions that may keep the body of a call that is refused now: those that list the address of the caller, and
    /// those whose own short URL the caller knows and whose token it has shown. Those that allow the named target go first:
    /// there a person mends what was refused.
    pub fn keepers(&self, headers: &HeaderMap, query: &str, named: Option<&Target>) -> Vec<Keeper<'a>> {
        // A call may be refused before its token is looked at.
        let shows = |token: &Token| tokens::is_shown(token, headers, query, self.secrets) == Some(Ok(true));
        let keeper = |permission: &'a Arc<Permission>| Keeper {
            is_token_right: permission.token.as_ref().is_none_or(shows),
            ..Keeper::with_token(permission, self.caller)
        };
        let knows = |one: &Permission| self.knows_url && one.short_url.is_some();
        let all = self.left.iter().copied().map(keeper);
        let mut may: Vec<_> = all.filter(|one| one.is_listed || knows(one.permission) && one.is_token_right).collect();
        may.sort_by_key(|one| !named.is_some_and(|target| one.permission.allows(target)));
        may
    }

    /// Origin: a page seen inside a permitted office must not post in the office's name.
    pub fn origin(&mut self, origin: Option<&str>) -> Result<(), ApiError> {
        let Some(origin) = origin else { return Ok(()) };
        self.narrow(|one| one.lists_origin(origin)).ok_or_else(|| ApiError::origin_denied(origin))
    }

    /// Token: permissions at the same short URL are told apart by what their callers show. Without a right token those
    /// remain that ask for none.
    pub fn token(&mut self, headers: &HeaderMap, query: &str) -> Result<(), ApiError> {
        if self.left.iter().all(|one| one.token.is_none()) {
            return Ok(());
        }
        let secrets = self.secrets;
        let is_shown = |one: &Permission| {
            let shown = one.token.as_ref().and_then(|token| tokens::is_shown(token, headers, query, secrets));
            shown == Some(Ok(true))
        };
        if self.narrow(is_shown).is_some() {
            return Ok(());
        }
        let is_any_unusable =
            self.left.iter().filter_map(|one| one.token.as_ref()).any(|token| secrets.get(&token.secret).is_err());
        let denied = || if is_any_unusable { ApiError::secret_unusable() } else { ApiError::token_denied() };
        self.narrow(|one| one.token.is_none()).ok_or_else(denied)
    }

    /// Target: the named one if a permission allows it, else the only one that a permission allows.
    pub fn target(&self, named: Option<Target>) -> Result<(&'a Arc<Permission>, Target), ApiError> {
        let left = self.left.iter().copied();
        if let Some(target) = named {
            let allowing = left.into_iter().find(|one| one.allows(&target));
            return allowing.map(|one| (one, target)).ok_or_else(ApiError::target_denied);
        }
        let mut defaults = left.filter_map(|one| Some((one, one.default_target()?)));
        let first = defaults.next().ok_or_else(ApiError::target_missing)?;
        // Two permissions with different single targets: whichever we took would be a guess.
        if defaults.any(|(_, other)| other != first.1) { Err(ApiError::target_missing()) } else { Ok(first) }
    }

    /// Keeps the permissions for which `is_right` holds; none = it holds for none, and all remain.
    fn narrow(&mut self, is_right: impl Fn(&Permission) -> bool) -> Option<()> {
        let is_any_right = self.left.iter().any(|one| is_right(one));
        is_any_right.then(|| self.left.retain(|one| is_right(one)))
    }
}

fn is_at(permission: &Permission, path: &str, default: &ShortUrl) -> bool {
    permission.short_url.as_ref().unwrap_or(default).as_str() == path.strip_prefix('/').unwrap_or(path)
}
