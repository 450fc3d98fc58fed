//! `delay`: leaves by `next` when its time has come. Only its own branch waits.

mod duration;
mod moment;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use crate::document::Reader;
use crate::expression::Template;
use crate::message::{Message, StepFault};
use crate::spec::{Kind, Setting, Spec};
use crate::suggestion::Meant;

/// The longest delay, in days: what waits longer than a quarter is a matter for a calendar.
pub const MAX_DELAY_DAYS: i32 = 90;

/// What stands in `delay`.
const DELAY: [Setting; 3] =
    [Setting::new("for", Kind::Delay), Setting::new("until", Kind::Time), Setting::new("zone", Kind::Zone)];

/// The task as it is described.
pub const SPEC: Spec = Spec {
    name: "delay",
    outputs: &["next"],
    settings: &[Setting::new("delay", Kind::DelayOr("delay", &DELAY)).required()],
    example: r"wait:
  delay: {until: 'monday 9:00', zone: Europe/Moscow}
  next: remind
remind:
  set_env: {reminded: true}",
};

/// Settings of a `delay` step.
#[derive(Debug)]
pub struct Delay {
    /// For how long, or until when.
    pub until: Until,
    /// The time zone of clock times and weekdays; none = that of the workflow.
    pub zone: Option<TimeZone>,
}

/// What a delay waits for.
#[derive(Debug)]
pub enum Until {
    /// A duration.
    After(Template),
    /// A moment.
    At(Template),
    /// One of both.
    Either(Template),
}

impl Delay {
    /// Reads `delay: 5 minutes`, `delay: {for: …}` or `delay: {until: …, zone: …}`. What stands fixed in the document is
    /// checked here.
    pub fn parse(reader: &mut Reader) -> Option<Self> {
        if !matches!(reader.peek(SPEC.name), Some(Value::Object(_))) {
            let until = Until::Either(reader.template(SPEC.name)?);
            let found = until.check(None);
            if let Some(message) = found {
                reader.report(SPEC.name, message);
            }
            return Some(Self { until, zone: None });
        }
        let mut inner = reader.inner(SPEC.name, &DELAY)?;
        let (duration, moment) = (inner.template("for"), inner.template("until"));
        let has_zone = inner.peek("zone").is_some();
        let zone = inner.zone("zone");
        let until = match (duration, moment) {
            (Some(duration), None) => Some(Until::After(duration)),
            (None, Some(moment)) => Some(Until::At(moment)),
            (None, None) if inner.is_misspelt("for") || inner.is_misspelt("until") => None,
            _ => {
                inner.report("", StepFault::DelayWhich);
                None
            }
        };
        if let Some(until) = until.as_ref().filter(|_| zone.is_some() || !has_zone)
            && let Some(message) = until.check(zone.as_ref())
        {
            inner.report(until.template().0, message);
        }
        let reads = inner.reads().clone();
        inner.finish();
        reader.also_reads(&reads);
        Some(Self { until: until?, zone })
    }

    /// Whether it waits at all: `0s` is over at once.
    pub fn waits(&self) -> bool {
        let (Until::After(template) | Until::Either(template)) = &self.until else { return true };
        let now = Timestamp::UNIX_EPOCH;
        template.fixed_text().is_none_or(|text| duration::after(&text, now) != Ok(now))
    }

    /// When the delay is over, by the text that its template gave. One that lies in the past is over at once. `zone` is that
    /// of the workflow.
    pub fn due_at(&self, text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Message> {
        self.until.moment(text, self.zone.as_ref().unwrap_or(zone), now)
    }
}

impl Until {
    /// The key and the text of what it waits for.
    pub fn template(&self) -> (&'static str, &Template) {
        match self {
            Self::After(template) => ("for", template),
            Self::At(template) => ("until", template),
            Self::Either(template) => ("delay", template),
        }
    }

    /// What is wrong with it, if it is the same whatever it is evaluated with.
    fn check(&self, zone: Option<&TimeZone>) -> Option<Message> {
        let text = self.template().1.fixed_text()?;
        let found = self.moment(&text, zone.unwrap_or(&TimeZone::UTC), Timestamp::now()).err()?;
        let is_number = text.trim().parse::<f64>().is_ok();
        let minutes = is_number.then(|| format!("`{} minutes`", text.trim()));
        Some(found.meant(Meant::of(minutes)))
    }

    fn moment(&self, text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Message> {
        let moment = match self {
            Self::After(_) => duration::after(text, now),
            Self::At(_) => moment::at(text, zone, now),
            Self::Either(_) => match duration::after(text, now) {
                Err(Message::NotADuration) => moment::at(text, zone, now).map_err(|error| match error {
                    Message::NotATime => Message::NotADelay,
                    error => error,
                }),
                moment => moment,
            },
        }?;
        let last = now.checked_add((i64::from(MAX_DELAY_DAYS) * 24).hours()).unwrap_or(Timestamp::MAX);
        if moment > last {
            return Err(Message::DelayTooLong { days: MAX_DELAY_DAYS });
        }
        Ok(moment)
    }
}

#[cfg(test)]
mod tests;
