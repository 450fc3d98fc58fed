//! Parts of texts and lists: `a[1:5:2]`.

use minijinja::Value as Jinja;

use super::{Evaluation, unfit};
use crate::expression::arithmetic::{is_list, is_nothing};
use crate::expression::node::Node;
use crate::expression::{EvalError, spend_bytes};
use crate::message::CalculationFault;

impl Evaluation<'_> {
    pub(super) fn slice(&mut self, inner: &Jinja, bounds: &[Option<Node>; 3]) -> Result<Jinja, EvalError> {
        let mut numbers = [None; 3];
        for (number, bound) in numbers.iter_mut().zip(bounds) {
            let Some(bound) = bound else { continue };
            let value = self.value(bound)?;
            if !is_nothing(&value) {
                *number = Some(value.as_i64().ok_or_else(|| unfit(CalculationFault::SlicePlace))?);
            }
        }
        if let Some(text) = inner.as_str() {
            spend_bytes(&self.state, text.len())?;
            let letters: Vec<char> = text.chars().collect();
            return Ok(Jinja::from(places(numbers, letters.len())?.map(|place| letters[place]).collect::<String>()));
        }
        if !is_nothing(inner) && !is_list(inner) {
            return Err(unfit(CalculationFault::SliceOf));
        }
        let items = self.items(inner)?;
        Ok(Jinja::from(places(numbers, items.len())?.map(|place| items[place].clone()).collect::<Vec<_>>()))
    }
}

/// The places from one to another, each step apart, as Python counts them.
fn places([from, to, step]: [Option<i64>; 3], length: usize) -> Result<impl Iterator<Item = usize>, EvalError> {
    let step = step.unwrap_or(1);
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let (low, high) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let place = |bound: Option<i64>, missing: i64| match bound {
        None => missing,
        Some(bound) if bound < 0 => bound.saturating_add(length).clamp(low, high),
        Some(bound) => bound.clamp(low, high),
    };
    let (from, to) = if step > 0 { (place(from, low), place(to, high)) } else { (place(from, high), place(to, low)) };
    if step == 0 {
        return Err(unfit(CalculationFault::SliceStep));
    }
    let stays = move |at: &i64| if step > 0 { *at < to } else { *at > to };
    let all = std::iter::successors(Some(from).filter(stays), move |at| at.checked_add(step).filter(stays));
    Ok(all.filter_map(|at| usize::try_from(at).ok()))
}
