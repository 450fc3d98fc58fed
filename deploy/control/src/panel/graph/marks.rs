//! What is marked in the picture of a workflow: the way of a run, or what the steps did in a time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use crate::operation::statistics::{OutputOfStep, Step};
use crate::panel::shown::length;
use crate::panel::words::Language;

/// The thickest line, in pixels; the thinnest has one.
const THICKEST: f64 = 6.0;

/// The way of a run.
#[derive(Debug, Default)]
pub struct Way {
    /// The steps that the run took, with their places on its path.
    pub steps: HashMap<String, Vec<i32>>,
    /// The steps and the outputs by which the run left them.
    pub outputs: HashSet<(String, String)>,
    /// The step at which it failed; empty = it did not.
    pub failed: String,
}

/// What is marked.
#[derive(Debug, Clone, Copy)]
pub enum Marks<'m> {
    /// The way of a run.
    Taken(&'m Way),
    /// What the steps did, for a reader of this language.
    Counted(&'m [Step], Language),
    /// What is wrong with the steps of a draft, and which one is edited; an empty name is the start. And what the steps did,
    /// if that is shown.
    Drafted { chosen: &'m str, faults: &'m BTreeMap<String, usize>, counted: &'m [Step], language: Language },
}

impl Marks<'_> {
    /// The class of the box of a step.
    pub fn class(&self, name: &str) -> String {
        match self {
            Self::Taken(way) if way.failed == name => "taken failing".to_owned(),
            Self::Taken(way) if way.steps.contains_key(name) => "taken".to_owned(),
            Self::Taken(_) => "idle".to_owned(),
            Self::Counted(..) => self.counted_class(name).to_owned(),
            Self::Drafted { .. } => self.drafted(self.counted_class(name), name),
        }
    }

    /// The class of the box of the start.
    pub fn start_class(&self) -> String {
        match self {
            Self::Drafted { .. } => self.drafted("start", ""),
            Self::Taken(_) | Self::Counted(..) => "start".to_owned(),
        }
    }

    /// What the start is called that no trigger begins; in the graph of a run its sign is enough.
    pub fn start(&self) -> &'static str {
        match self {
            Self::Taken(_) => "",
            Self::Counted(_, Language::English) | Self::Drafted { language: Language::English, .. } => "Start",
            Self::Counted(_, Language::Russian) | Self::Drafted { language: Language::Russian, .. } => "Начало",
        }
    }

    fn counted_class(&self, name: &str) -> &'static str {
        if self.step(name).is_some_and(|step| step.failures > 0) { "step failing" } else { "step" }
    }

    fn drafted(&self, class: &str, name: &str) -> String {
        let Self::Drafted { chosen, faults, .. } = self else { return class.to_owned() };
        let faulty = if faults.contains_key(name) { " faulty" } else { "" };
        format!("{class}{faulty}{}", if *chosen == name { " chosen" } else { "" })
    }

    /// Whether the ends of outputs are shown.
    pub fn shows_ports(&self) -> bool {
        matches!(self, Self::Drafted { .. })
    }

    /// What stands in its corner: when the run took it, or how many runs failed and wait there.
    pub fn corner(&self, name: &str) -> String {
        match self {
            Self::Taken(way) => {
                let numbers = way.steps.get(name).into_iter().flatten();
                let numbers = numbers.map(i32::to_string).collect::<Vec<_>>().join(", ");
                let is_failed = !name.is_empty() && way.failed == name;
                if is_failed { format!("✕ {numbers}").trim_end().to_owned() } else { numbers }
            }
            Self::Drafted { faults, .. } if faults.contains_key(name) => format!("✕ {}", faults[name]),
            Self::Counted(..) | Self::Drafted { .. } => {
                let (failures, waiting) = self.step(name).map_or((0, 0), |step| (step.failures, step.waiting));
                let numbers = [("✕", failures), ("◔", waiting)].into_iter().filter(|(_, count)| *count > 0);
                numbers.map(|(sign, count)| format!("{sign} {count}")).collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// How long it took, in its box; none = that is not marked.
    pub fn durations(&self, name: &str) -> Option<String> {
        let ((_, language), step) = (self.counted()?, self.step(name)?);
        let shown = |us| length(Duration::from_micros(us), language);
        Some(format!("{} · p95 {}", shown(step.median_us?), shown(step.p95_us?)))
    }

    /// How often a line was taken; none = that is not marked.
    pub fn figure(&self, name: &str, output: &str) -> Option<String> {
        let OutputOfStep { count, percent, .. } = self.output(name, output)?;
        Some(share(*percent, *count))
    }

    /// The class of a line: whether the run took it, or how often it was taken, on a logarithmic scale.
    pub fn line(&self, name: &str, output: &str) -> Option<String> {
        match self {
            // Every run that took a step came from the start.
            Self::Taken(way) if name.is_empty() => (!way.steps.is_empty()).then(|| "went".to_owned()),
            Self::Taken(way) => way.outputs.contains(&(name.to_owned(), output.to_owned())).then(|| "went".to_owned()),
            Self::Counted(..) | Self::Drafted { .. } => self.thickness(name, output),
        }
    }

    fn thickness(&self, name: &str, output: &str) -> Option<String> {
        let (steps, _) = self.counted()?;
        let most = steps.iter().flat_map(|step| &step.outputs).map(|one| one.count).max()?;
        let part = match self.output(name, output)?.count {
            count if most > 1 => (count as f64).ln() / (most as f64).ln(),
            _ => 1.0,
        };
        Some(format!("w{:.0}", 1.0 + part * (THICKEST - 1.0)))
    }

    fn counted(&self) -> Option<(&[Step], Language)> {
        match self {
            Self::Taken(_) => None,
            Self::Counted(steps, language) => Some((steps, *language)),
            Self::Drafted { counted, language, .. } => Some((counted, *language)),
        }
    }

    fn step(&self, name: &str) -> Option<&Step> {
        let (steps, _) = self.counted()?;
        steps.iter().find(|step| step.step == name)
    }

    fn output(&self, name: &str, output: &str) -> Option<&OutputOfStep> {
        self.step(name)?.outputs.iter().find(|one| one.output == output && one.count > 0)
    }
}

/// How many of 100 times, and how often.
pub fn share(percent: f64, count: i64) -> String {
    if percent < 1.0 { format!("< 1 % · {count}") } else { format!("{percent:.0} % · {count}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> Vec<Step> {
        let output = |output: &str, count, percent| OutputOfStep {
            output: output.to_owned(),
            count,
            percent,
            median_us: Some(1_500),
            p95_us: Some(20_000),
        };
        let outputs = vec![output("then", 1_000, 99.9), output("else", 1, 0.1)];
        let (median_us, p95_us) = (Some(1_500), Some(20_000));
        vec![Step { step: "a".to_owned(), count: 1_001, failures: 2, waiting: 0, median_us, p95_us, outputs }]
    }

    #[test]
    fn lines_are_as_thick_as_they_are_busy_and_boxes_show_durations() {
        let counted = counted();
        let marks = Marks::Counted(&counted, Language::English);
        for (output, figure, thickness) in
            [("then", Some("100 % · 1000"), Some("w6")), ("else", Some("< 1 % · 1"), Some("w1")), ("next", None, None)]
        {
            assert_eq!(marks.figure("a", output).as_deref(), figure);
            assert_eq!(marks.thickness("a", output).as_deref(), thickness);
        }
        assert_eq!((marks.class("a").as_str(), marks.corner("a").as_str()), ("step failing", "✕ 2"));
        assert_eq!(marks.durations("a").as_deref(), Some("1 ms · p95 20 ms"));
        assert_eq!((marks.class("b").as_str(), marks.durations("b")), ("step", None));
    }

    #[test]
    fn a_draft_shows_what_its_steps_did_and_what_is_wrong_with_them() {
        let (mut counted, faults) = (counted(), BTreeMap::from([("b".to_owned(), 1)]));
        counted[0].waiting = 3;
        let marks = Marks::Drafted { chosen: "a", faults: &faults, counted: &counted, language: Language::English };
        assert_eq!((marks.class("a").as_str(), marks.corner("a").as_str()), ("step failing chosen", "✕ 2 ◔ 3"));
        assert_eq!((marks.class("b").as_str(), marks.corner("b").as_str()), ("step faulty", "✕ 1"));
        assert_eq!(marks.figure("a", "else").as_deref(), Some("< 1 % · 1"));
        let without = Marks::Drafted { chosen: "a", faults: &faults, counted: &[], language: Language::English };
        assert_eq!(
            (without.figure("a", "then"), without.durations("a"), without.corner("a").as_str()),
            (None, None, "")
        );
    }
}
