//! A workflow as it is drawn: read from a document that may not be valid yet.

use std::collections::HashMap;

use serde_json::Value;

use super::outputs::{self, NEXT};

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sketch {
    /// The module of the start; empty if none is named.
    pub module: String,
    /// The triggers that it listens to.
    pub triggers: Vec<String>,
    /// The places of the first steps.
    pub next: Vec<usize>,
    /// The steps, in written order.
    pub steps: Vec<SketchedStep>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SketchedStep {
    /// Its name.
    pub name: String,
    /// The name of its task; empty if it has none.
    pub task: &'static str,
    /// Every output, and the places of the steps that it leads to.
    pub outputs: Vec<(String, Vec<usize>)>,
}

impl Sketch {
    /// What a document says. Steps that are named and do not exist are left out.
    pub fn of(document: &Value) -> Self {
        let steps: Vec<(&String, &Value)> = document["steps"].as_object().into_iter().flatten().collect();
        let places: HashMap<&str, usize> = (0..).zip(&steps).map(|(at, (name, _))| (name.as_str(), at)).collect();
        let to = |map: &Value, output: &str| -> Vec<usize> {
            outputs::targets(map, output).iter().filter_map(|name| places.get(name.as_str()).copied()).collect()
        };
        let start = &document["start"];
        let sketched = |(name, step): &(&String, &Value)| SketchedStep {
            name: (*name).clone(),
            task: outputs::task(step).map_or("", |kind| kind.spec.name),
            outputs: outputs::outputs(step).into_iter().map(|output| (output.clone(), to(step, &output))).collect(),
        };
        Self {
            module: start["module"].as_str().unwrap_or_default().to_owned(),
            triggers: outputs::targets(start, "triggers"),
            next: to(start, NEXT),
            steps: steps.iter().map(sketched).collect(),
        }
    }

    /// The step of a name.
    pub fn step(&self, name: &str) -> Option<&SketchedStep> {
        self.steps.iter().find(|step| step.name == name)
    }

    /// The steps that an output can be connected to, and whether it is the one that a person most likely means: a step that
    /// nothing leads to, or one that another output of the step leads to, or the next one.
    pub fn targets(&self, step: &str, output: &str) -> Vec<(String, bool)> {
        let own = self.steps.iter().position(|one| one.name == step);
        let of_own = own.map(|at| self.steps[at].outputs.as_slice()).unwrap_or_default();
        let led: Vec<usize> = match own {
            Some(_) => of_own.iter().filter(|(name, _)| name == output).flat_map(|(_, to)| to.clone()).collect(),
            None => self.next.clone(),
        };
        let is_lost = |at: usize| {
            let mut all = self.steps.iter().flat_map(|one| &one.outputs).flat_map(|(_, to)| to).chain(&self.next);
            !all.any(|to| *to == at)
        };
        let is_beside = |at: usize| of_own.iter().any(|(_, to)| to.contains(&at));
        let others = || (0..self.steps.len()).filter(|at| Some(*at) != own);
        let rank = |at: &usize| match *at {
            at if led.contains(&at) => 4,
            at if is_lost(at) => 0,
            at if is_beside(at) => 1,
            at if own.is_none_or(|own| at > own) => 2,
            _ => 3,
        };
        let likely = others().min_by_key(rank);
        others().map(|at| (self.steps[at].name.clone(), Some(at) == likely)).collect()
    }

    /// The names of the steps at places.
    pub fn names<'s>(&'s self, places: &'s [usize]) -> impl Iterator<Item = &'s str> {
        places.iter().filter_map(|at| self.steps.get(*at)).map(|step| step.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_step_that_is_most_likely_meant_is_offered_to_connect_to() {
        let document = json!({"start": {"next": "a"}, "steps": {
            "a": {"for_each": "x", "each": "b", "next": "b"},
            "b": {"create_record": "Leads", "created": "c"},
            "c": {"comment": "x"},
            "d": {"stop": "failed"},
            "e": {"comment": "x", "next": "d"},
        }});
        let sketch = Sketch::of(&document);
        for (step, output, likely) in [
            // Nothing leads to `e`.
            ("b", "existing", "e"),
            ("c", "next", "e"),
            ("", "next", "e"),
            // Not to itself: its next one that it does not lead to.
            ("e", "next", "a"),
        ] {
            let all = sketch.targets(step, output);
            let found: Vec<&str> = all.iter().filter(|(_, is_it)| *is_it).map(|(name, _)| name.as_str()).collect();
            assert_eq!(found, [likely], "{step} {output}");
            assert!(all.len() == 5 - usize::from(!step.is_empty()) && all.iter().all(|(name, _)| name != step));
        }
        let connected = Sketch::of(&json!({"start": {"next": ["a", "b", "c"]}, "steps": {
            "a": {"comment": "x"}, "b": {"create_record": "Leads", "created": "a"}, "c": {"comment": "x"}}}));
        assert_eq!(connected.targets("b", "existing")[0], ("a".to_owned(), true));
        assert_eq!(connected.targets("b", "created")[1], ("c".to_owned(), true));
        assert!(Sketch::default().targets("", "next").is_empty());
    }

    #[test]
    fn what_is_not_valid_is_sketched_as_far_as_it_can_be() {
        let document = json!({"start": {"next": ["a", "nowhere"]}, "steps": {
            "a": {"condition": null, "then": "b", "else": ["b", "a"]},
            "b": {"what": 1, "next": "a"},
            "c": 7,
        }});
        let sketch = Sketch::of(&document);
        assert_eq!(sketch.next, [0]);
        let outputs: Vec<_> = sketch.steps.iter().map(|step| (step.task, step.outputs.clone())).collect();
        let of = |name: &str, to: &[usize]| (name.to_owned(), to.to_vec());
        assert_eq!(outputs[0], ("condition", vec![of("then", &[1]), of("else", &[1, 0])]));
        assert_eq!(outputs[1], ("", vec![of("next", &[0])]));
        assert_eq!(outputs[2], ("", vec![]));
        assert_eq!(Sketch::of(&json!(null)), Sketch::default());
    }
}
