//! A workflow as a picture: the server draws it, so it is there without a script, in print and on a phone.

mod layers;
mod marks;
mod places;

use std::fmt::Write;

use postern_shared::workflow::{StepIndex, Workflow};
use serde_json::Value;

use super::shown::shortened;
use layers::Edge;
pub use marks::Marks;
use places::{BOX, Drawing, Point};

/// How much text fits into a box, in characters.
const NAME_CHARS: usize = 18;
const SUMMARY_CHARS: usize = 22;
/// The widest picture that is made smaller to fit a phone, and to fit half a page; a wider one is scrolled, since
/// nobody could read it.
const FITS_PHONE: i32 = 520;
const FITS_HALF: i32 = 860;
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
    pub glyph: &'static str,
    pub name: String,
    pub summary: String,
    /// Everything that the summary cuts off.
    pub title: String,
    /// `start`, `step`, `taken` for a step that the run took, `idle` for one that it did not, `step failing`.
    pub class: &'static str,
    /// When the run took it, such as `2, 5`, or how many runs failed there.
    pub numbers: String,
}

/// A way from box to box.
#[derive(Debug)]
pub struct Line {
    pub path: String,
    pub class: String,
}

/// An output where its line begins.
#[derive(Debug)]
pub struct Label {
    pub x: i32,
    pub y: i32,
    pub text: String,
    /// How often the line was taken.
    pub figure: String,
}

/// Draws a workflow with its document and its marks.
pub fn draw(workflow: &Workflow, document: &Value, marks: Marks<'_>) -> Graph {
    let (edges, outputs) = edges(workflow);
    let Drawing { places, ways, left, width, height } = places::place(workflow.steps.len() + 1, &edges);
    let mut boxes = vec![start(workflow, places[0])];
    for (step, place) in workflow.steps.iter().zip(&places[1..]) {
        let (task, name) = (step.task.name(), step.name.as_str());
        let full = summary(task, &document["steps"][name]);
        boxes.push(Card {
            x: place.x,
            y: place.y,
            width: BOX.x,
            height: BOX.y,
            glyph: glyph(task),
            name: shortened(name, NAME_CHARS),
            summary: marks.durations(name).unwrap_or_else(|| shortened(&full, SUMMARY_CHARS)),
            title: format!("{name}: {task} {full}"),
            class: marks.class(name),
            numbers: marks.corner(name),
        });
    }
    let (mut labels, mut lines): (Vec<Label>, Vec<Line>) = (Vec::new(), Vec::new());
    for (way, (step, output)) in ways.iter().zip(&outputs) {
        let class = if way.is_back { "back" } else { "way" };
        let thickness = marks.thickness(step, output).map(|thickness| format!(" {thickness}")).unwrap_or_default();
        lines.push(Line { path: path(&way.points), class: format!("{class}{thickness}") });
        let (text, figure) = (if *output == "next" { "" } else { output }.to_owned(), marks.figure(step, output));
        let Some(begin) = way.points.first().filter(|_| !text.is_empty() || figure.is_some()) else { continue };
        let figure = figure.unwrap_or_default();
        let label = Label { x: begin.x + 5, y: begin.y + 14, text, figure };
        // Several steps behind one output: their lines begin together.
        if !labels.iter().any(|known| (known.x, known.y) == (label.x, label.y)) {
            labels.push(label);
        }
    }
    let fits = match width {
        width if width <= FITS_PHONE => "fits",
        width if width <= FITS_HALF => "fits-half",
        _ => "",
    };
    Graph { left, width, height, fits, lines, labels, words: words(workflow), boxes }
}

/// Place 0 is the start; the second list holds the step and the output of each line, which the start has none of.
fn edges(workflow: &Workflow) -> (Vec<Edge>, Vec<(&str, &str)>) {
    let place = |index: &StepIndex| usize::from(index.0) + 1;
    let (mut edges, mut outputs) = (Vec::new(), Vec::new());
    for next in &workflow.start.next {
        edges.push(Edge { from: 0, to: place(next), port: 0, ports: 1 });
        outputs.push(("", ""));
    }
    for (from, step) in (1..).zip(&workflow.steps) {
        let used: Vec<_> = step.outputs.iter().filter(|(_, next)| !next.is_empty()).collect();
        for (port, (output, next)) in used.iter().enumerate() {
            for next in next {
                edges.push(Edge { from, to: place(next), port, ports: used.len() });
                outputs.push((step.name.as_str(), output.as_ref()));
            }
        }
    }
    (edges, outputs)
}

fn start(workflow: &Workflow, place: Point) -> Card {
    let keys: Vec<&str> = workflow.start.triggers.iter().map(|key| key.as_str()).collect();
    let module = workflow.start.module.as_ref().map(|module| module.as_str()).unwrap_or_default();
    let keys = keys.join(", ");
    Card {
        x: place.x,
        y: place.y,
        width: BOX.x,
        height: BOX.y,
        glyph: "▶",
        name: shortened(if keys.is_empty() { "▶" } else { &keys }, NAME_CHARS),
        summary: shortened(module, SUMMARY_CHARS),
        title: format!("{module} {keys}"),
        class: "start",
        numbers: String::new(),
    }
}

/// What a step does, in one line, from its document.
fn summary(task: &str, step: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let first =
        |map: &Value| map.as_object().and_then(|map| map.iter().next()).map(|(k, v)| format!("{k} = {}", text(v)));
    let own = &step[task];
    let more = ["fields", "where", "message", "record"].iter().find_map(|key| match &step[*key] {
        Value::Null => None,
        map @ Value::Object(_) => first(map),
        other => Some(text(other)),
    });
    match (own, more) {
        (Value::Object(_), _) => first(own).unwrap_or_default(),
        (own, Some(more)) => format!("{} · {more}", text(own)),
        (own, None) => text(own),
    }
}

fn glyph(task: &str) -> &'static str {
    match task {
        "condition" => "◇",
        "create_record" => "+",
        "delete_record" => "−",
        "find_record" => "⌕",
        "set_value" => "✎",
        "set_env" => "=",
        "comment" => "❝",
        "run_workflow" => "⇉",
        "respond" => "↩",
        "stop" => "■",
        "switch" => "⋔",
        "for_each" => "↻",
        _ => "•",
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

fn words(workflow: &Workflow) -> String {
    let name = |index: &StepIndex| workflow.step(*index).map(|step| step.name.as_str()).unwrap_or_default();
    let mut words = format!("start → {}", workflow.start.next.iter().map(name).collect::<Vec<_>>().join(", "));
    for step in &workflow.steps {
        for (output, next) in step.outputs.iter().filter(|(_, next)| !next.is_empty()) {
            let next: Vec<&str> = next.iter().map(name).collect();
            let _ = write!(words, "; {} {output} → {}", step.name, next.join(", "));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use postern_shared::yaml;

    use super::*;

    #[test]
    fn the_demo_is_drawn_from_top_to_bottom_with_its_words_on_the_lines() {
        let document = yaml::read(include_str!("../../../demo/workflow-77.yaml")).unwrap().remove(0).value;
        let workflow = Workflow::from_document(&document).unwrap();
        let taken = HashMap::from([("usable".to_owned(), vec![1]), ("reject".to_owned(), vec![2])]);
        let graph = draw(&workflow, &document, Marks::Taken(&taken));
        let of = |name: &str| graph.boxes.iter().find(|one| one.name == name).unwrap();
        assert_eq!((graph.boxes[0].class, graph.boxes[0].name.as_str()), ("start", "web_lead"));
        assert!(of("web_lead").y < of("usable").y && of("usable").y < of("lead").y && of("lead").y < of("note").y);
        assert_eq!(of("lead").y, of("reject").y);
        assert!((of("lead").x - of("reject").x).abs() >= BOX.x);
        assert_eq!((of("usable").class, of("lead").class, of("reject").numbers.as_str()), ("taken", "idle", "2"));
        let words: Vec<&str> = graph.labels.iter().map(|label| label.text.as_str()).collect();
        assert_eq!(words, ["then", "else", "created", "existing"]);
        assert_eq!(of("lead").title, "lead: create_record Leads · lastname = $env[\"lastname\"]");
    }

    #[test]
    fn corners_are_round_and_short_ways_have_small_ones() {
        let points = [Point { x: 0, y: 0 }, Point { x: 0, y: 20 }, Point { x: 10, y: 20 }, Point { x: 10, y: 60 }];
        assert_eq!(path(&points), "M0 0L0 12Q0 20 5 20L5 20Q10 20 10 28L10 60");
    }
}
