//! The words where the lines of outputs begin.

use super::places::Point;

/// How far labels stand from the end of an output, so that there is room to add a step.
pub const PORT_ROOM: Point = Point { x: 6, y: 3 };
/// The width of a character of a label, as a rule.
const CHAR_WIDTH: i32 = 7;
/// The longest word for an output, in characters: the word that is shown may be longer than the name of the output.
const WORD_CHARS: usize = 10;
/// What stays free below and beside a label.
const LABEL_MARGIN: i32 = 8;
/// How much lower every second label of several stands, clear of its neighbours.
const LABEL_STEP: i32 = 13;

/// An output where its line begins.
#[derive(Debug)]
pub struct Label {
    pub x: i32,
    pub y: i32,
    /// Whether it ends at `x`: that of the first of several outputs stands before its line, clear of the next label.
    pub is_before: bool,
    pub text: String,
    /// How often the line was taken.
    pub figure: String,
}

impl Label {
    /// About how wide it is.
    fn width(&self) -> i32 {
        let chars = self.text.chars().count().max(WORD_CHARS) + 1 + self.figure.chars().count();
        i32::try_from(chars).map_or(0, |chars| chars * CHAR_WIDTH)
    }
}

/// The label at the end of an output, which is one of so many.
pub fn label(port: Point, room: Point, (at, count): (usize, usize), text: String, figure: String) -> Label {
    let (beside, is_before) = (5 + room.x, at == 0 && count > 1);
    let x = if is_before { port.x - beside } else { port.x + beside };
    let lower = if count > 2 && at % 2 == 1 { LABEL_STEP } else { 0 };
    Label { x, y: port.y + 14 + room.y + lower, is_before, text, figure }
}

/// The left edge, the width and the height of a picture with its labels, which may begin or end outside of what boxes
/// and lines take.
pub fn around(labels: &[Label], left: i32, width: i32, height: i32) -> (i32, i32, i32) {
    let (mut reach, mut right, mut bottom) = (left, left + width, height);
    for label in labels {
        let (before, behind) = if label.is_before { (label.width(), 0) } else { (0, label.width()) };
        reach = reach.min(label.x - before - LABEL_MARGIN);
        right = right.max(label.x + behind + LABEL_MARGIN);
        bottom = bottom.max(label.y + LABEL_MARGIN);
    }
    (reach, right - reach, bottom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_labels_of_the_last_row_lie_in_the_picture_clear_of_each_other() {
        let outputs = ["found", "not_found", "failed"];
        let labels: Vec<Label> = (outputs.iter().enumerate())
            .map(|(at, output)| {
                let port = Point { x: 50 * (1 + i32::try_from(at).unwrap()), y: 64 };
                label(port, PORT_ROOM, (at, outputs.len()), (*output).to_owned(), String::new())
            })
            .collect();
        let (left, width, height) = around(&labels, 0, 200, 76);
        for one in &labels {
            let begin = if one.is_before { one.x - one.width() } else { one.x };
            assert!(begin > left && begin + one.width() < left + width && one.y < height, "{one:?}");
        }
        assert!(labels[1].y - labels[2].y >= 12, "{labels:?}");
    }
}
