//! `postern audit`: where the submissions of each hour are, and those that are lost.

use clap::Args;
use postern_shared::store::delivery_audit::{MAX_HOURS, PLACES};
use serde_json::Value;

use crate::options::Server;
use crate::output::{Failure, Format, Output, items};

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
    let query = [("hours", Some(options.hours.to_string()))];
    let found: Value = options.api.api()?.get("/audit", &query).await?;
    if output.format() == Format::Text {
        items(&found, "hours").map(hour_line).try_for_each(|line| output.line(&line))?;
        items(&found, "losses").map(loss_line).try_for_each(|line| output.line(&line))?;
    } else {
        output.result("", &found)?;
    }
    match found["losses"].as_array() {
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

fn hour_line(hour: &Value) -> String {
    let count = |name: &str| hour[name].as_i64().unwrap_or(0);
    let places = PLACES.iter().filter(|place| count(place) != 0);
    let places: Vec<String> = places.map(|place| format!("{} {}", count(place), place.replace('_', " "))).collect();
    let (answered, unanswered) = (count("answered"), count("unanswered"));
    if answered == 0 && places.is_empty() {
        return String::new();
    }
    let unanswered = if unanswered == 0 { String::new() } else { format!(", {unanswered} unanswered") };
    let at = hour["hour"].as_str().unwrap_or_default();
    format!("{at}: {answered} answered with 202{unanswered} = {}", places.join(", "))
}

fn loss_line(loss: &Value) -> String {
    let (hour, first, last) = (loss["hour"].as_str().unwrap_or_default(), &loss["first"], &loss["last"]);
    format!("LOST: numbers {first} to {last} of the ingress {} in the hour from {hour}", loss["instance"])
}
