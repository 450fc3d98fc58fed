//! Whether a run may make the call at which it stands: it notes the intent, and what must be created once it claims.

use std::time::Duration;

use postern_shared::message::Message as Text;
use postern_shared::resume::Resume;
use postern_shared::store::outside_calls::{self, Intent};
use postern_shared::store::spool::{self, Alarm, Way};
use postern_shared::store::{StoreError, Transaction};

use crate::outside::call::{Call, Failure, FailureKind, MARGIN, Report, target};
use crate::run::execution::StepSpan;
use crate::run::tally::Tally;
use crate::run::unique_claims::{self, claim_of};

/// Added to the time after which an intent counts as unknown, so that it is past that when it is looked at.
const LATER: Duration = Duration::from_secs(1);

/// The wait for a run that creates a record with the same unique value.
const CLAIMED: Duration = Duration::from_secs(1);

/// What became of an attempt that was committed.
pub enum Step {
    /// Nothing more is to be done for this message.
    Done(Tally),
    /// The intent is noted: now the call.
    Call {
        call: Box<Call>,
        key: String,
        /// The span of its step; none = the run is not traced.
        span: Option<StepSpan>,
    },
}

/// What is done about a call.
pub enum Reach {
    /// The message is done, or the call is made.
    Now(Step),
    /// Nobody knows what came of the call.
    Unknown(Report),
}

/// Notes that a call is about to be made. The last are the place of the step on the run's path, that of its first
/// try, and its span.
pub async fn reach(
    transaction: &Transaction<'_>,
    resume: &Resume,
    mut call: Box<Call>,
    (number, first, span): (i32, i32, Option<StepSpan>),
) -> Result<Reach, StoreError> {
    if let Some(claim) = claim_of(&call.request)
        && !unique_claims::enter(transaction, &claim, resume.run).await?
    {
        return later(transaction, resume, &call, CLAIMED).await;
    }
    match (call.at_most_once, outside_calls::intend(transaction, resume.run, number).await?) {
        (true, Intent::Open(age)) if age > call.timeout + MARGIN => {
            Ok(Reach::Unknown(Report::Failed(Failure::new(Text::WorkerBrokeOff, FailureKind::Unclear))))
        }
        // Somebody may still be at it; afterwards it is either done or unknown.
        (true, Intent::Open(age)) => {
            later(transaction, resume, &call, (call.timeout + MARGIN).saturating_sub(age) + LATER).await
        }
        (_, intent) => {
            if let Intent::Open(age) = intent {
                // The next worker counts from this call on.
                outside_calls::renew(transaction, resume.run, number).await?;
                call.unclear_for = Some(call.unclear_for.map_or(age, |before| before.min(age)));
            }
            Ok(Reach::Now(Step::Call { call, key: format!("{}.{first}", resume.run), span }))
        }
    }
}

/// Looks at the run again after this time.
async fn later(
    transaction: &Transaction<'_>,
    resume: &Resume,
    call: &Call,
    delay: Duration,
) -> Result<Reach, StoreError> {
    let later = Alarm { resume: *resume, delay, way: Way::Calling(target(&call.request)) };
    spool::schedule(transaction, &[later]).await?;
    Ok(Reach::Now(Step::Done(Tally::default())))
}
