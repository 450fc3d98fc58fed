//! Generated workflows and edits: what was intended comes about, comments survive, and undo gives the text before.

use std::collections::BTreeSet;

use postern_shared::draft::Draft;
use postern_shared::yaml;
use proptest::prelude::*;

use super::*;

const TASKS: [&str; 7] = ["condition", "create_record", "find_record", "comment", "http_request", "delay", "stop"];

/// A step: its task, where its outputs lead, in which style, and its comments.
type Made = (usize, Vec<(usize, u8)>, u8);

fn made() -> impl Strategy<Value = Vec<Made>> {
    let step = (0..TASKS.len(), prop::collection::vec((0..20_usize, 0..4_u8), 0..3), 0..8_u8);
    prop::collection::vec(step, 1..9)
}

/// The text of a workflow in which lists are written in every style and comments stand wherever they can.
fn text(steps: &[Made]) -> String {
    let mut text = "# about\nworkflow: 1 # number\nstart:\n  # the first\n  next: s0\nsteps:\n".to_owned();
    for (at, (task, leads, comments)) in steps.iter().enumerate() {
        if comments & 1 > 0 {
            text += &format!("  # above {at}\n");
        }
        text += &format!("  s{at}:{}\n", if comments & 2 > 0 { format!(" # beside {at}") } else { String::new() });
        text += &format!(
            "    {}: x{}\n",
            TASKS[*task],
            if comments & 4 > 0 { format!("  # task {at}") } else { String::new() }
        );
        let outputs = KINDS.iter().find(|kind| kind.spec.name == TASKS[*task]).unwrap().spec.outputs;
        for (output, (to, style)) in outputs.iter().zip(leads) {
            let (to, other) = (to % steps.len(), (to + 1) % steps.len());
            text += &match style {
                0 => format!("    {output}: s{to}\n"),
                1 => format!("    {output}: [s{to}, s{other}]\n"),
                2 => format!("    {output}:\n      - s{to}\n      - 's{other}'\n"),
                _ => format!("    {output}:\n    - s{to}\n"),
            };
        }
    }
    text + "# the end\n"
}

/// A kind of edit, the step and the output that it is about, and another step.
type Act = (u8, usize, usize, usize);

fn edit((kind, step, output, other): Act, sketch: &Sketch) -> Option<Edit> {
    let one = &sketch.steps[step % sketch.steps.len()];
    let other = &sketch.steps[other % sketch.steps.len()];
    let outputs: Vec<&String> = one.outputs.iter().map(|(name, _)| name).collect();
    let from = outputs.get(output % outputs.len().max(1)).map(|output| super::from(&one.name, output));
    let name = one.name.clone();
    Some(match kind {
        0 => {
            let task = KINDS.iter().find(|kind| kind.spec.name == TASKS[step % TASKS.len()])?.spec;
            Edit::Add { from: from?, task, title: "Шаг".to_owned(), is_beside: output > 1 }
        }
        1 => Edit::Connect(from?, other.name.clone()),
        2 => {
            let to = one.outputs.get(output % one.outputs.len().max(1))?.1.first()?;
            Edit::Disconnect(from?, sketch.steps[*to].name.clone())
        }
        3 if sketch.steps.len() > 1 => Edit::Remove(name),
        4 => Edit::Rename(name, format!("Новое имя {other}", other = other.name)),
        5 => Edit::Duplicate(name),
        6 => Edit::Move(name, if output > 1 { Direction::Up } else { Direction::Down }),
        _ => return None,
    })
}

fn comments(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|line| Some(line.split_at(line.find('#')?).1)).collect()
}

/// What must be so after an edit.
fn came_about(edit: &Edit, edited: &Edited, before: &Sketch, after: &Sketch) {
    let leads = |sketch: &Sketch, from: &Exit, to: &str| {
        let all = sketch.step(&from.step).into_iter().flat_map(|step| &step.outputs);
        all.filter(|(output, _)| *output == from.output).any(|(_, places)| sketch.names(places).any(|name| name == to))
    };
    let names = |sketch: &Sketch| sketch.steps.iter().map(|step| step.name.clone()).collect::<BTreeSet<_>>();
    match edit {
        Edit::Add { from, .. } => assert!(leads(after, from, &edited.step)),
        Edit::Connect(from, to) => assert!(leads(after, from, to)),
        Edit::Disconnect(from, to) => assert!(!leads(after, from, to)),
        Edit::Remove(step) => assert!(after.step(step).is_none() && after.steps.len() + 1 == before.steps.len()),
        Edit::Duplicate(step) => {
            assert_eq!(after.step(&edited.step).unwrap().outputs.len(), after.step(step).unwrap().outputs.len());
        }
        Edit::Rename(step, _) if *step == edited.step => {}
        Edit::Rename(step, _) => {
            let renamed = |sketch: &Sketch| {
                let shape = sketch.steps.iter().map(|step| (step.task, step.outputs.clone())).collect::<Vec<_>>();
                (sketch.next.clone(), shape)
            };
            assert_eq!(renamed(before), renamed(after));
            assert!(after.step(step).is_none() && after.step(&edited.step).is_some());
        }
        Edit::Move(..) => assert_eq!(names(before), names(after)),
        Edit::SetStep(..) | Edit::SetWorkflow(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn edits_do_what_is_meant_keep_comments_and_are_taken_back(
        steps in made(),
        acts in prop::collection::vec((0..7_u8, 0..20_usize, 0..4_usize, 0..20_usize), 1..16),
    ) {
        let first = text(&steps);
        let mut draft = Draft::new(1, first.clone());
        let mut texts = vec![first.clone()];
        for act in acts {
            let before = Sketch::of(&read(&draft.text).unwrap());
            let Some(edit) = edit(act, &before) else { continue };
            let edited = apply(&draft.text, &edit)
                .unwrap_or_else(|refused| panic!("{edit:?} is refused: {refused:?}\n{}", draft.text));
            let value = read(&edited.text).unwrap();
            let after = Sketch::of(&value);
            came_about(&edit, &edited, &before, &after);
            prop_assert_eq!(&Sketch::of(&read(&yaml::write(&value)).unwrap()), &after);
            if !matches!(edit, Edit::Remove(_)) {
                let (before, after) = (comments(&draft.text), comments(&edited.text));
                prop_assert!(before.is_subset(&after), "{edit:?} loses {:?}", before.difference(&after));
            }
            draft.change(edited.text).unwrap();
            if texts.last() != Some(&draft.text) {
                texts.push(draft.text.clone());
            }
        }
        while let Some(text) = texts.pop() {
            prop_assert_eq!(&draft.text, &text);
            prop_assert_eq!(draft.undo(), !texts.is_empty());
        }
        prop_assert_eq!(draft.text, first);
    }
}
