//! What is marked in the picture of a workflow: the way of a run, or what the steps did in a time.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::operation::statistics::{OutputOfStep, Step};
use crate::panel::shown::length;
use crate::panel::words::Language;

/// The thickest line, in pixels; the thinnest has one.
const THICKEST: f64 = 6.0;

/// What is marked.
#[derive(Debug, Clone, Copy)]
pub enum Marks<'m> {
    /// The steps that a run took, with their places on its path.
    Taken(&'m HashMap<String, Vec<i32>>),
    /// What the steps did, for a reader of this language.
    Counted(&'m [Step], Language),
    /// What is wrong with the steps of a draft, and which one is edited; an empty name is the start.
    Drafted { chosen: &'m str, faults: &'m BTreeMap<String, usize> },
}

impl Marks<'_> {
    /// The class of the box of a step.
    pub fn class(&self, name: &str) -> String {
        match self {
            Self::Taken(taken) if taken.contains_key(name) => "taken".to_owned(),
            Self::Taken(_) => "idle".to_owned(),
            Self::Counted(..) if self.step(name).is_some_and(|step| step.failures > 0) => "step failing".to_owned(),
            Self::Counted(..) => "step".to_owned(),
            Self::Drafted { .. } => self.drafted("step", name),
        }
    }

    /// The class of the box of the start.
    pub fn start_class(&self) -> String {
        match self {
            Self::Drafted { .. } => self.drafted("start", ""),
            Self::Taken(_) | Self::Counted(..) => "start".to_owned(),
        }
    }

    fn drafted(&self, class: &str, name: &str) -> String {
        let Self::Drafted { chosen, faults } = self else { return class.to_owned() };
        let faulty = if faults.contains_key(name) { " faulty" } else { "" };
        format!("{class}{faulty}{}", if *chosen == name { " chosen" } else { "" })
    }

    /// Whether the ends of outputs are shown.
    pub fn shows_ports(&self) -> bool {
        matches!(self, Self::Drafted { .. })
    }

    /// What stands in its corner: when the run took it, or how many runs failed there.
    pub fn corner(&self, name: &str) -> String {
        match self {
            Self::Taken(taken) => {
                let numbers = taken.get(name).into_iter().flatten();
                numbers.map(i32::to_string).collect::<Vec<_>>().join(", ")
            }
            Self::Counted(..) => {
                let failures = self.step(name).map_or(0, |step| step.failures);
                if failures > 0 { format!("✕ {failures}") } else { String::new() }
            }
            Self::Drafted { faults, .. } => faults.get(name).map(|count| format!("✕ {count}")).unwrap_or_default(),
        }
    }

    /// How long it took, in its box; none = that is not marked.
    pub fn durations(&self, name: &str) -> Option<String> {
        let (Self::Counted(_, language), step) = (self, self.step(name)?) else { return None };
        let shown = |us| length(Duration::from_micros(us), *language);
        Some(format!("{} · p95 {}", shown(step.median_us?), shown(step.p95_us?)))
    }

    /// How often a line was taken; none = that is not marked.
    pub fn figure(&self, name: &str, output: &str) -> Option<String> {
        let OutputOfStep { count, percent, .. } = self.output(name, output)?;
        Some(if *percent < 1.0 { format!("< 1 % · {count}") } else { format!("{percent:.0} % · {count}") })
    }

    /// The class of a line by how often it was taken, on a logarithmic scale.
    pub fn thickness(&self, name: &str, output: &str) -> Option<String> {
        let Self::Counted(steps, _) = self else { return None };
        let most = steps.iter().flat_map(|step| &step.outputs).map(|one| one.count).max()?;
        let part = match self.output(name, output)?.count {
            count if most > 1 => (count as f64).ln() / (most as f64).ln(),
            _ => 1.0,
        };
        Some(format!("w{:.0}", 1.0 + part * (THICKEST - 1.0)))
    }

    fn step(&self, name: &str) -> Option<&Step> {
        let Self::Counted(steps, _) = self else { return None };
        steps.iter().find(|step| step.step == name)
    }

    fn output(&self, name: &str, output: &str) -> Option<&OutputOfStep> {
        self.step(name)?.outputs.iter().find(|one| one.output == output && one.count > 0)
    }
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
}
