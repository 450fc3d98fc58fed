//! `postern audit`: where the submissions of each hour are, and those that are lost.

use clap::Args;
use postern_control::operation::audit::hours::{AuditHours, Input, Loss, OneHour};
use postern_control::operation::field::Time;
use postern_shared::store::delivery_audit::{MAX_HOURS, PLACES};

use crate::options::Server;
use crate::output::{Failure, Format, Output};

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct Options {
    /// How many hours, the current one last
    #[arg(long, default_value_t = 24, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=MAX_HOURS))]
    hours: i64,
    #[command(flatten)]
    api: Server,
}

/// Prints one line for each hour that had submissions, and one for each loss, which makes it fail.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    let found = options.api.api()?.call::<AuditHours>(&Input { hours: Some(options.hours) }).await?;
    if output.format() == Format::Text {
        found.hours.iter().map(hour_line).try_for_each(|line| output.line(&line))?;
        found.losses.iter().flatten().map(loss_line).try_for_each(|line| output.line(&line))?;
    } else {
        output.result("", &found)?;
    }
    match found.losses {
        Some(losses) if losses.is_empty() => Ok(()),
        Some(_) => Err(Failure::failed(
            "submissions that were answered with 202 are nowhere",
            "the log of the ingress with that name has what happened in that hour",
        )),
        None => {
            output
                .note("whether anything is lost cannot be told now: nothing has arrived lately, or the spool is long");
            Ok(())
        }
    }
}

fn hour_line(hour: &OneHour) -> String {
    let places = PLACES.iter().zip(hour.places()).filter(|(_, count)| *count != 0);
    let places: Vec<String> = places.map(|(place, count)| format!("{count} {}", place.replace('_', " "))).collect();
    let OneHour { hour: Time(at), answered, unanswered, .. } = hour;
    if *answered == 0 && places.is_empty() {
        return String::new();
    }
    let unanswered = if *unanswered == 0 { String::new() } else { format!(", {unanswered} unanswered") };
    format!("{at}: {answered} answered with 202{unanswered} = {}", places.join(", "))
}

fn loss_line(loss: &Loss) -> String {
    let Loss { hour: Time(hour), instance, first, last } = loss;
    format!("LOST: numbers {first} to {last} of the ingress {instance} in the hour from {hour}")
}
