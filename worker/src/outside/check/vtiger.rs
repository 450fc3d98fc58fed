//! The check of a vtiger CRM, as its client makes it.

use postern_shared::connection::vtiger::Vtiger;
use postern_shared::id::ModuleName;
use postern_shared::secret::Secrets;
use tokio::time::Instant;

use super::said::{CALL, Said};
use crate::outside::Outside;
use crate::outside::vtiger::Access;
use crate::outside::vtiger::check::check as check_access;

pub(super) async fn check(outside: &Outside, to: &Vtiger, secrets: &Secrets, modules: &[ModuleName]) -> Said {
    let access = Access::new(to, secrets)?;
    check_access(outside.http.clone(), &access, modules, Instant::now() + CALL).await
}
