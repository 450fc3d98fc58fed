//! Whether a request is signed as its permission asks for, by the bytes of its body as they were sent.

use std::time::SystemTime;

use postern_shared::intake::error::ApiError;
use postern_shared::permission::Permission;
use postern_shared::permission::signature::{Denied, Sent};
use postern_shared::secret::Secrets;

use crate::routes::Request;

/// Checks the signature, if the permission asks for one.
pub(super) fn check(
    permission: &Permission,
    secrets: &Secrets,
    request: &Request,
    body: &[u8],
    now: SystemTime,
) -> Result<(), ApiError> {
    let Some(signature) = &permission.signature else { return Ok(()) };
    let header = |name: &str| request.headers.get(name)?.to_str().ok();
    let sent = Sent { header: &header, query: &request.query, body };
    signature.check(&sent, secrets, now).map_err(|denied| match denied {
        Denied::Wrong => ApiError::signature_denied(),
        Denied::Unusable(reason) => {
            tracing::error!(%reason, permission = %permission.key, "a signature cannot be checked");
            ApiError::secret_unusable()
        }
    })
}
