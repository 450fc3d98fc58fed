//! Which line is indented wrongly. A parser reports the line at which a map cannot go on, which is often the line
//! behind the wrong one: the first line of a map decides how its other lines are indented.

use crate::message::DocumentFault;

/// Spaces of a level where a text shows no other habit.
const USUAL_STEP: usize = 2;

/// What is wrong with the indentation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Culprit {
    /// The wrong line, from 1.
    pub(super) line: usize,
    /// What is wrong there.
    pub(super) fault: DocumentFault,
}

/// A line that is neither empty nor a comment, nor inside a text of several lines.
#[derive(Clone, Copy)]
struct Line<'t> {
    number: usize,
    indent: usize,
    text: &'t str,
}

impl Line<'_> {
    /// `key:`, which waits for lines below it.
    fn is_open(&self) -> bool {
        self.text.ends_with(':')
    }

    fn is_item(&self) -> bool {
        self.text.starts_with("- ")
    }
}

/// The line whose indentation made a parser stop at a line; none = the indentation is not what is wrong.
pub(super) fn culprit(text: &str, reported: usize) -> Option<Culprit> {
    if let Some(line) = with_tab(text, reported) {
        return Some(Culprit { line, fault: DocumentFault::YamlTab });
    }
    let (lines, texts) = document(text, reported);
    // Where a text is over too early, its next line is no key.
    if let Some((wrong, other)) = texts.iter().rfind(|(wrong, _)| wrong.number <= reported) {
        return Some(differ(*wrong, *other, DocumentFault::OfLongText));
    }
    let at = lines.iter().position(|line| line.number >= reported)?;
    let wrong = outlier(&lines[..at], &lines[at], step(&lines))?;
    Some(differ(wrong, lines[at], DocumentFault::OfSameMap))
}

fn differ(wrong: Line, other: Line, of: DocumentFault) -> Culprit {
    let spaces = match wrong.indent {
        1 => DocumentFault::OneSpace,
        count => DocumentFault::SeveralSpaces { count },
    };
    let (spaces, of) = (Box::new(spaces.into()), Box::new(of.into()));
    let fault = DocumentFault::YamlIndented { spaces, other: other.number, of, others: other.indent };
    Culprit { line: wrong.number, fault }
}

fn with_tab(text: &str, reported: usize) -> Option<usize> {
    let has_tab = |line: &str| line[..line.len() - line.trim_start().len()].contains('\t');
    let mut near = text.lines().zip(1_usize..).filter(|(_, number)| number.abs_diff(reported) <= 1);
    near.find(|(line, _)| has_tab(line) && !line.trim().is_empty()).map(|(_, number)| number)
}

/// Two lines of a text of several lines that do not fit together, the wrong one first.
type Text<'t> = (Line<'t>, Line<'t>);

/// The lines of the document that the reported line is in, and its texts whose lines do not fit together.
fn document(text: &str, reported: usize) -> (Vec<Line<'_>>, Vec<Text<'_>>) {
    let (mut lines, mut texts): (Vec<Line>, Vec<Text>) = (Vec::new(), Vec::new());
    // The key of the text that goes on, and its first line.
    let mut inside: Option<(Line, Option<Line>)> = None;
    for (line, number) in text.lines().zip(1_usize..) {
        let text = line.trim();
        let line = Line { number, indent: line.len() - line.trim_start_matches(' ').len(), text };
        if text.is_empty() {
            continue;
        }
        match inside {
            Some((key, None)) => {
                inside = Some((key, Some(line))).filter(|_| line.indent > key.indent);
                if inside.is_some() {
                    continue;
                }
                if !text.contains(':') && !text.starts_with(['-', '#']) {
                    texts.push((line, key));
                }
            }
            Some((_, Some(first))) if line.indent >= first.indent => continue,
            Some((key, Some(first))) => {
                if line.indent > key.indent && !text.contains(':') {
                    texts.push((first, line));
                }
                inside = None;
            }
            None => {}
        }
        if text.starts_with('#') {
            continue;
        }
        if line.indent == 0 && text.starts_with("---") {
            if number > reported {
                break;
            }
            lines.clear();
            continue;
        }
        let mark = text.rsplit(' ').next().unwrap_or_default();
        if mark.starts_with(['|', '>']) && mark.len() <= 3 {
            inside = Some((line, None));
        }
        lines.push(line);
    }
    (lines, texts)
}

/// By how many spaces most maps of a text are indented.
fn step(lines: &[Line]) -> usize {
    let opened = lines.windows(2).filter(|pair| pair[0].is_open() && pair[1].indent > pair[0].indent);
    let steps: Vec<usize> = opened.map(|pair| pair[1].indent - pair[0].indent).collect();
    let count = |step: usize| steps.iter().filter(|other| **other == step).count();
    // Of two that are as frequent the smaller one.
    (1..=8)
        .rev()
        .max_by_key(|step| (count(*step), *step == USUAL_STEP))
        .filter(|step| count(*step) > 1)
        .unwrap_or(USUAL_STEP)
}

/// The line that does not fit to the last one and to what stands before both.
fn outlier<'t>(before: &[Line<'t>], last: &Line<'t>, step: usize) -> Option<Line<'t>> {
    let first = before.first()?;
    if last.indent == 0 && first.indent > 0 {
        return Some(*first);
    }
    let outer = before.iter().rposition(|line| line.indent < last.indent);
    let inner = &before[outer.map_or(0, |at| at + 1)..];
    if inner.iter().any(|line| line.indent == last.indent) {
        // It goes on with a map that is open: its indentation is as it must be.
        return None;
    }
    let above = &before[..outer.unwrap_or_default()];
    let parent = outer.map(|at| before[at]);
    if let (Some(parent), Some(opening)) = (parent, inner.first())
        && opens_too_deep(parent, *opening, inner, last, step)
    {
        return Some(*opening);
    }
    parent.filter(|line| is_outside(*line, above, last, step))
}

/// Whether the first line of a map is further in than the map's other lines.
fn opens_too_deep(parent: Line, opening: Line, inner: &[Line], last: &Line, step: usize) -> bool {
    if !parent.is_open() || opening.indent - parent.indent == step {
        return false;
    }
    let is_usual = last.indent - parent.indent == step || last.is_item() && last.indent == parent.indent;
    let siblings = inner.iter().filter(|line| line.indent == opening.indent).count();
    // `a:` was to be a line of the map, and this one a line inside it.
    let is_child = opening.is_open() && last.indent - parent.indent == 2 * step && siblings == 1;
    let begins_empty = opening.is_open() && inner.get(1).is_some_and(|line| line.indent == opening.indent);
    let fits_further_out = opening.indent - last.indent == step && siblings > 1 && !begins_empty;
    is_child || is_usual && !fits_further_out
}

/// Whether a line should be as far in as the last one, or one level less.
fn is_outside(line: Line, above: &[Line], last: &Line, step: usize) -> bool {
    let Some(parent) = above.last() else { return false };
    let belongs_inside = parent.indent == line.indent && parent.is_open() && !line.is_item();
    let begins_oddly = parent.indent < line.indent
        && parent.is_open()
        && line.indent - parent.indent != step
        && last.indent - parent.indent == step;
    // The lines before and behind it are of one level.
    let same_level = above.iter().rev().find(|line| line.indent <= last.indent);
    belongs_inside || begins_oddly || same_level.is_some_and(|line| line.indent == last.indent)
}

#[cfg(test)]
mod tests {
    use super::super::read;

    const TEXT: &str = "\
workflow: 5
start:
  module: Leads
  triggers: [a]
  next: a
steps:
  a:
    create_record: Leads
    fields:
      lastname: $env[\"a\"]

      # a comment
      firstname: $env[\"b\"]
      email: x
    created: [b]
    existing: [b]
  b:
    comment: |
      one
        two
    record: 5
  c:
    stop: failed
    message: a
permission: x
addresses:
  - 10.0.0.1
  - 10.0.0.2
  - 10.0.0.3
";

    /// The text with one line indented by another number of spaces.
    fn indented(line: usize, spaces: isize) -> Option<String> {
        let mut lines: Vec<String> = TEXT.lines().map(str::to_owned).collect();
        let content = lines[line].trim_start().to_owned();
        let indent = (lines[line].len() - content.len()).checked_add_signed(spaces)?;
        lines[line] = format!("{}{content}", " ".repeat(indent));
        Some(lines.join("\n") + "\n")
    }

    #[test]
    fn the_line_that_is_indented_wrongly_is_found_wherever_it_stands() {
        let (mut found, mut wrong) = (0, Vec::new());
        for line in 0..TEXT.lines().count() {
            for spaces in [-3, -2, -1, 1, 2, 3, 4] {
                let Some(text) = indented(line, spaces) else { continue };
                let Err(located) = read(&text) else { continue };
                found += 1;
                // Where two lines differ and nothing tells which is wrong, both are named.
                let other = format!("and line {} of", line + 1);
                if located.line != line + 1 && !located.finding.to_string().contains(&other) {
                    wrong.push(format!("line {} by {spaces}: {} {}", line + 1, located.line, located.finding));
                }
            }
        }
        assert!(found > 80, "only {found} texts were no YAML");
        assert!(wrong.is_empty(), "{} of {found}:\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn a_tab_is_found_and_both_lines_are_named() {
        for (text, line, message) in [
            ("a: 1\n\tb: 2\n", 2, "a tab stands in the indentation"),
            ("a:\n\tb: 2\n", 2, "a tab stands in the indentation"),
            ("a:\n    b: 1\n  c: 2\n", 2, "indented by 4 spaces, and line 3 of the same map or list by 2"),
            (" a: 1\nb: 2\n", 1, "indented by 1 space, and line 2 of the same map or list by 0"),
            ("x: 1\n---\n a: 1\nb: 2\n", 3, "indented by 1 space, and line 4 of the same map or list by 0"),
            ("a:\n  b: 1\n   c: 2\n", 3, "not YAML"),
        ] {
            let located = read(text).expect_err(text);
            assert!(located.line == line && located.finding.to_string().contains(message), "{text:?}: {located:?}");
        }
    }
}
