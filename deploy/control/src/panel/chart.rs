//! Bars of the last hours, drawn on the server. What they show is said in words as well.

use super::frame::Frame;

/// The width of one hour and of the gap behind its bar; the drawing is stretched to its place.
const STEP: i64 = 12;
const GAP: i64 = 3;
/// The height of the highest bar.
const HEIGHT: i64 = 72;

/// One of the parts that a bar is stacked of, from the ground up.
#[derive(Debug)]
pub struct Part {
    pub class: &'static str,
    pub count: i64,
    pub text: String,
}

/// A chart.
#[derive(Debug)]
pub struct Chart {
    pub title: String,
    /// What it shows, for those who do not see it, and for those who want the number.
    pub words: String,
    pub width: i64,
    pub height: i64,
    pub bars: Vec<Bar>,
    /// The height of the highest bar as a number.
    pub top: i64,
}

/// One hour.
#[derive(Debug)]
pub struct Bar {
    pub x: i64,
    pub width: i64,
    /// What its bar says to whoever points at it.
    pub title: String,
    pub parts: Vec<Drawn>,
}

/// A part of a bar.
#[derive(Debug)]
pub struct Drawn {
    pub class: &'static str,
    pub y: i64,
    pub height: i64,
}

impl Chart {
    /// Draws one bar an hour, the current hour last.
    pub fn draw(p: &Frame, title: String, words: String, hours: Vec<Vec<Part>>) -> Self {
        let sum = |parts: &Vec<Part>| parts.iter().map(|part| part.count).sum::<i64>();
        let top = hours.iter().map(sum).max().unwrap_or(0);
        let width = i64::try_from(hours.len()).unwrap_or(0) * STEP;
        let ago = (0..i64::try_from(hours.len()).unwrap_or(0)).rev();
        let bars = hours.into_iter().zip(ago).zip((0..).step_by(12));
        let bars = bars.map(|((parts, ago), x)| {
            let when = if ago == 0 { p.t("this-hour") } else { p.n("ago-hours", &ago) };
            let said: Vec<&str> = parts.iter().filter(|part| part.count > 0).map(|part| part.text.as_str()).collect();
            let title = if said.is_empty() { format!("{when}: 0") } else { format!("{when}: {}", said.join(", ")) };
            Bar { x, width: STEP - GAP, title, parts: stacked(&parts, top) }
        });
        Self { title, words, width, height: HEIGHT, bars: bars.collect(), top }
    }
}

/// From the ground up; whatever there is of something can be seen.
fn stacked(parts: &[Part], top: i64) -> Vec<Drawn> {
    let mut y = HEIGHT;
    let some = parts.iter().filter(|part| part.count > 0 && top > 0);
    some.map(|part| {
        let height = (part.count * HEIGHT / top).max(2).min(y);
        y -= height;
        Drawn { class: part.class, y, height }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_on_each_other_and_the_rare_one_is_seen() {
        let part = |count| Part { class: "good", count, text: String::new() };
        let drawn = |counts: [i64; 2], top| -> Vec<(i64, i64)> {
            stacked(&counts.map(part), top).iter().map(|part| (part.y, part.height)).collect()
        };
        assert_eq!(drawn([50, 50], 100), [(36, 36), (0, 36)]);
        assert_eq!(drawn([0, 1], 1000), [(70, 2)]);
        assert_eq!(drawn([1000, 1], 1001), [(1, 71), (0, 1)]);
        assert_eq!(drawn([0, 0], 0), []);
    }
}
