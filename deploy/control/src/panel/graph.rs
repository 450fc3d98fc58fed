//! A workflow as a picture: the server draws it, so it is there without a script, in print and on a phone.

mod labels;
mod layers;
mod marks;
mod places;
mod summary;

use std::fmt::Write;

use serde_json::Value;

use super::shown::shortened;
use crate::designer::Sketch;
use crate::designer::outputs::NEXT;
pub use labels::Label;
use labels::{PORT_ROOM, label};
use layers::Edge;
pub use marks::{Marks, Way, share};
use places::{BOX, Drawing, Point};
pub use summary::{glyph, summary};

/// How much text fits into a box, in characters.
const NAME_CHARS: usize = 18;
const SUMMARY_CHARS: usize = 21;
/// How much of the numbers in its corner.
const CORNER_CHARS: usize = 9;
/// The widest picture that is made smaller to fit a phone, and to fit half a page; a wider one is scrolled, since
/// nobody could read it.
const FITS_PHONE: i32 = 460;
const FITS_HALF: i32 = 640;
/// The radius of the corners of a line.
const CORNER: i32 = 8;

/// Everything that the template draws.
#[derive(Debug)]
pub struct Graph {
    pub left: i32,
    pub width: i32,
    pub height: i32,
    /// Where it is made smaller to fit: `fits`, `fits-half`, or nowhere.
    pub fits: &'static str,
    pub boxes: Vec<Card>,
    pub lines: Vec<Line>,
    pub labels: Vec<Label>,
    /// Where an output ends, if the workflow is edited.
    pub ports: Vec<Port>,
    /// The graph in words, for who does not see it.
    pub words: String,
}

/// A step, or the start.
#[derive(Debug)]
pub struct Card {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    /// Its whole name; empty for the start.
    pub step: String,
    /// Its task; empty for the start.
    pub task: &'static str,
    pub glyph: &'static str,
    pub name: String,
    pub summary: String,
    /// Everything that the summary cuts off.
    pub title: String,
    /// `start`, `step` or `step failing`. In the graph of a run: `taken` for a step that the run took, `taken failing` for
    /// that at which it failed, else `idle`. In the designer also `faulty` and `chosen`.
    pub class: String,
    /// When the run took it, such as `2, 5`, or how many runs failed there.
    pub numbers: String,
}

/// A way from box to box.
#[derive(Debug)]
pub struct Line {
    pub path: String,
    pub class: String,
}

/// The end of an output, where a step is added.
#[derive(Debug)]
pub struct Port {
    pub x: i32,
    pub y: i32,
    /// Empty for the start.
    pub step: String,
    pub output: String,
}

/// Draws a workflow with its document and its marks.
pub fn draw(sketch: &Sketch, document: &Value, marks: Marks<'_>) -> Graph {
    let (edges, outputs) = edges(sketch, marks.shows_ports());
    let Drawing { places, ways, left, width, height } = places::place(sketch.steps.len() + 1, &edges);
    let mut boxes = vec![start(sketch, places[0], marks)];
    for (step, place) in sketch.steps.iter().zip(&places[1..]) {
        let (task, name) = (step.task, step.name.as_str());
        let full = summary(task, &document["steps"][name]);
        let numbers = shortened(&marks.corner(name), CORNER_CHARS);
        let room = if numbers.is_empty() { 0 } else { numbers.chars().count() + 2 };
        boxes.push(Card {
            x: place.x,
            y: place.y,
            width: BOX.x,
            height: BOX.y,
            step: name.to_owned(),
            task,
            glyph: glyph(task),
            name: shortened(name, NAME_CHARS - room),
            summary: marks.durations(name).unwrap_or_else(|| shortened(&full, SUMMARY_CHARS)),
            title: format!("{name}: {task} {full}"),
            class: marks.class(name),
            numbers,
        });
    }
    let (mut labels, mut lines): (Vec<Label>, Vec<Line>) = (Vec::new(), Vec::new());
    let room = if marks.shows_ports() { PORT_ROOM } else { Point::default() };
    for ((way, edge), (step, output)) in ways.iter().zip(&edges).zip(&outputs) {
        let class = if way.is_back { "back" } else { "way" };
        let mark = marks.line(step, output).map(|mark| format!(" {mark}")).unwrap_or_default();
        lines.push(Line { path: path(&way.points), class: format!("{class}{mark}") });
        let (text, figure) = (if *output == "next" { "" } else { output }.to_owned(), marks.figure(step, output));
        let Some(begin) = way.points.first().filter(|_| !text.is_empty() || figure.is_some()) else { continue };
        let (text, figure) = (text.to_owned(), figure.unwrap_or_default());
        let label = label(*begin, room, (edge.port, edge.ports), text, figure);
        // Several steps behind one output: their lines begin together.
        if !labels.iter().any(|known| (known.x, known.y) == (label.x, label.y)) {
            labels.push(label);
        }
    }
    let ports = if marks.shows_ports() { ports(sketch, &places, &mut labels) } else { Vec::new() };
    let (left, width, height) = labels::around(&labels, left, width, height + room.y);
    let fits = match width {
        width if width <= FITS_PHONE => "fits",
        width if width <= FITS_HALF => "fits-half",
        _ => "",
    };
    Graph { left, width, height, fits, lines, labels, ports, words: words(sketch), boxes }
}

/// Place 0 is the start; the second list holds the step and the output of each line, which the start has none of. With
/// `all` an output that leads nowhere takes room, too.
fn edges(sketch: &Sketch, all: bool) -> (Vec<Edge>, Vec<(&str, &str)>) {
    let (mut edges, mut outputs) = (Vec::new(), Vec::new());
    for next in &sketch.next {
        edges.push(Edge { from: 0, to: next + 1, port: 0, ports: 1 });
        outputs.push(("", ""));
    }
    for (from, step) in (1..).zip(&sketch.steps) {
        let used: Vec<_> = step.outputs.iter().filter(|(_, next)| all || !next.is_empty()).collect();
        for (port, (output, next)) in used.iter().enumerate() {
            for next in next {
                edges.push(Edge { from, to: next + 1, port, ports: used.len() });
                outputs.push((step.name.as_str(), output.as_ref()));
            }
        }
    }
    (edges, outputs)
}

/// The ends of all outputs. An output that leads nowhere has no line, so that its label is made here.
fn ports(sketch: &Sketch, places: &[Point], labels: &mut Vec<Label>) -> Vec<Port> {
    let mut ports = Vec::new();
    let start = places::port(places[0], 0, 1);
    ports.push(Port { x: start.x, y: start.y, step: String::new(), output: NEXT.to_owned() });
    for (step, place) in sketch.steps.iter().zip(&places[1..]) {
        for (at, (output, next)) in step.outputs.iter().enumerate() {
            let end = places::port(*place, at, step.outputs.len());
            ports.push(Port { x: end.x, y: end.y, step: step.name.clone(), output: output.clone() });
            if next.is_empty() && output != NEXT {
                labels.push(label(end, PORT_ROOM, (at, step.outputs.len()), output.clone(), String::new()));
            }
        }
    }
    ports
}

fn start(sketch: &Sketch, place: Point, marks: Marks<'_>) -> Card {
    let keys = sketch.triggers.join(", ");
    let module = sketch.module.as_str();
    Card {
        x: place.x,
        y: place.y,
        width: BOX.x,
        height: BOX.y,
        step: String::new(),
        task: "",
        glyph: "▶",
        name: shortened(if keys.is_empty() { marks.start() } else { &keys }, NAME_CHARS),
        summary: shortened(module, SUMMARY_CHARS),
        title: format!("{module} {keys}"),
        class: marks.start_class(),
        numbers: marks.corner(""),
    }
}

/// An SVG path along points, with rounded corners.
fn path(points: &[Point]) -> String {
    let mut path = String::new();
    for (at, point) in points.iter().enumerate() {
        let _ = match (at.checked_sub(1).and_then(|before| points.get(before)), points.get(at + 1)) {
            (None, _) => write!(path, "M{} {}", point.x, point.y),
            (Some(before), Some(next)) => {
                let (enter, leave) = (near(*point, *before), near(*point, *next));
                write!(path, "L{} {}Q{} {} {} {}", enter.x, enter.y, point.x, point.y, leave.x, leave.y)
            }
            (Some(_), None) => write!(path, "L{} {}", point.x, point.y),
        };
    }
    path
}

/// A point on the way from a corner to another point, at most [`CORNER`] away and not beyond the middle.
fn near(corner: Point, other: Point) -> Point {
    let step = |from: i32, to: i32| (to - from).signum() * CORNER.min((to - from).abs() / 2);
    Point { x: corner.x + step(corner.x, other.x), y: corner.y + step(corner.y, other.y) }
}

fn words(sketch: &Sketch) -> String {
    let names = |places: &[usize]| sketch.names(places).collect::<Vec<_>>().join(", ");
    let mut words = format!("start → {}", names(&sketch.next));
    for step in &sketch.steps {
        for (output, next) in step.outputs.iter().filter(|(_, next)| !next.is_empty()) {
            let _ = write!(words, "; {} {output} → {}", step.name, names(next));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use postern_shared::yaml;

    use super::*;
    use crate::panel::words::Language;

    #[test]
    fn the_demo_is_drawn_from_top_to_bottom_with_its_words_on_the_lines() {
        let document = yaml::read(include_str!("../../../demo/workflow-77.yaml")).unwrap().remove(0).value;
        let way = Way {
            steps: HashMap::from([("usable".to_owned(), vec![1]), ("reject".to_owned(), vec![2])]),
            outputs: HashSet::from([("usable".to_owned(), "else".to_owned())]),
            failed: "reject".to_owned(),
        };
        let graph = draw(&Sketch::of(&document), &document, Marks::Taken(&way));
        let of = |name: &str| graph.boxes.iter().find(|one| one.name == name).unwrap();
        assert_eq!((graph.boxes[0].class.as_str(), graph.boxes[0].name.as_str()), ("start", "web_lead"));
        assert!(of("web_lead").y < of("usable").y && of("usable").y < of("lead").y && of("lead").y < of("note").y);
        assert_eq!(of("lead").y, of("reject").y);
        assert!((of("lead").x - of("reject").x).abs() >= BOX.x);
        assert_eq!(
            (of("usable").class.as_str(), of("lead").class.as_str(), of("reject").numbers.as_str()),
            ("taken", "idle", "✕ 2")
        );
        assert_eq!(of("reject").class, "taken failing");
        let went = graph.lines.iter().filter(|line| line.class == "way went").count();
        assert_eq!(went, 2, "{:?}", graph.lines);
        let words: Vec<&str> = graph.labels.iter().map(|label| label.text.as_str()).collect();
        assert_eq!(words, ["then", "else", "created", "existing"]);
        assert_eq!(of("lead").title, "lead: create_record Leads · lastname = $env[\"lastname\"]");
    }

    #[test]
    fn a_draft_is_drawn_with_all_its_outputs_and_steps_that_nothing_leads_to() {
        let document = serde_json::json!({"start": {"next": "a"}, "steps": {
            "a": {"condition": null, "then": "b"}, "b": {"stop": "finished"}, "lost": {"what": 1}}});
        let faults = std::collections::BTreeMap::from([("lost".to_owned(), 2)]);
        let graph = draw(
            &Sketch::of(&document),
            &document,
            Marks::Drafted { chosen: "b", faults: &faults, counted: &[], language: Language::English },
        );
        let ports: Vec<_> = graph.ports.iter().map(|port| (port.step.as_str(), port.output.as_str())).collect();
        assert_eq!(ports, [("", "next"), ("a", "then"), ("a", "else")]);
        assert_eq!((graph.boxes[0].glyph, graph.boxes[0].name.as_str()), ("▶", "Start"));
        assert_eq!(graph.boxes[1].summary, "");
        let classes: Vec<_> = graph.boxes.iter().map(|one| (one.step.as_str(), one.class.as_str())).collect();
        assert_eq!(classes, [("", "start"), ("a", "step"), ("b", "step chosen"), ("lost", "step faulty")]);
        assert_eq!(graph.boxes[3].numbers, "✕ 2");
        let labels: Vec<&str> = graph.labels.iter().map(|label| label.text.as_str()).collect();
        assert_eq!(labels, ["then", "else"]);
    }

    #[test]
    fn corners_are_round_and_short_ways_have_small_ones() {
        let points = [Point { x: 0, y: 0 }, Point { x: 0, y: 20 }, Point { x: 10, y: 20 }, Point { x: 10, y: 60 }];
        assert_eq!(path(&points), "M0 0L0 12Q0 20 5 20L5 20Q10 20 10 28L10 60");
    }
}
