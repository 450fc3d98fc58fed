//! Who creates a record with a unique value in another system, which would create it twice. A run claims the value before
//! its call, and gives it up when it is known what came of the call; others wait and then find the record.

use std::collections::BTreeMap;

use postern_shared::rendered::Rendered;
use postern_shared::resume::RunKey;
use postern_shared::store::claims::{self, Claim, Holder};
use postern_shared::store::{StoreError, Transaction};

/// Days after which a claim ends that nobody gave up. A call that is made again takes the claim anew.
const DAYS: u16 = 1;

/// What must be claimed before a call.
pub fn claim_of(request: &Rendered) -> Option<Claim> {
    match request {
        Rendered::Connected(call) => call.claim(),
        Rendered::Http(_) | Rendered::Mail(_) => None,
    }
}

/// Whether a run may make its call: it takes the claim or has it.
pub async fn enter(transaction: &Transaction<'_>, claim: &Claim, run: RunKey) -> Result<bool, StoreError> {
    let holder = Holder::from(run);
    let holders = claims::take(transaction, &BTreeMap::from([(claim.clone(), (holder, Some(DAYS)))])).await?;
    Ok(holders.get(claim) == Some(&holder))
}

/// A run gives its claim up, if it has it.
pub async fn leave(transaction: &Transaction<'_>, claim: &Claim, run: RunKey) -> Result<(), StoreError> {
    claims::hand_on(transaction, claim, &Holder::from(run), None).await
}
