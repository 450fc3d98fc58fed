//! Values where minijinja's own filters take texts. minijinja writes true as `True` and lists as Python does; here they are
//! written as they stand in the middle of a text.

use minijinja::Value as Jinja;
use minijinja::value::ValueKind;

use super::EvalError;
use super::value::as_text;

/// minijinja's filters that make a text of their arguments.
const FILTERS: [&str; 13] = [
    "capitalize",
    "e",
    "escape",
    "format",
    "indent",
    "lines",
    "lower",
    "replace",
    "split",
    "title",
    "trim",
    "upper",
    "urlencode",
];

/// Writes the arguments of a filter; `urlencode` takes a map as it is.
pub(super) fn arguments(filter: &str, arguments: &mut [Jinja]) -> Result<(), EvalError> {
    if !FILTERS.contains(&filter) {
        return Ok(());
    }
    for argument in arguments.iter_mut().filter(|argument| !argument.is_kwargs()) {
        let is_written = match argument.kind() {
            ValueKind::Bool | ValueKind::Seq | ValueKind::Iterable => true,
            ValueKind::Map => filter != "urlencode",
            _ => false,
        };
        if is_written {
            *argument = Jinja::from(as_text(argument)?);
        }
    }
    Ok(())
}
