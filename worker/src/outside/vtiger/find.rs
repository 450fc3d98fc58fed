//! Finds records by a query. A page has 100 rows at most on some versions, without a word about more.

use postern_shared::message::Message;
use postern_shared::record_ref::{ConnectedId, ConnectedRecord};
use postern_shared::rendered::Comparison;
use serde_json::Value;

use super::Work;
use super::described::{Row, row};
use super::literal::{self, Unfindable};
use super::session::Held;
use super::wire::{Fault, not_sent, rows};
use crate::outside::call::Failure;
use crate::outside::connected::{Done, What};

/// The rows of a page that every version gives.
const PAGE: usize = 100;

/// The most pages of one search: more rows than this are not looked through for a text within a value.
const MAX_PAGES: usize = 100;

/// The field of the id of a record.
const ID: &str = "id";

/// A condition: a field, how it is compared, and the value.
type Condition = (String, Comparison, String);

impl Work<'_> {
    pub(super) async fn find(
        &self,
        conditions: &[Condition],
        sort: Option<&(String, bool)>,
        limit: u16,
    ) -> Result<Done, Failure> {
        let module = self.call.module.as_str();
        // What cannot be asked for is refused at once, also while vtiger is away.
        query(module, conditions, sort).map_err(Failure::last)?;
        let mut held = self.sessions.take(self.until).await?;
        let conditions = &self.with_ids(&mut held, conditions).await.map_err(not_sent)?;
        let (query, wanted) = query(module, conditions, sort).map_err(Failure::last)?;
        let mut found: Vec<ConnectedId> = Vec::new();
        for offset in (0..MAX_PAGES * PAGE).step_by(PAGE) {
            let query = format!("{query} limit {offset},{PAGE};");
            let rows = rows(held.get("query", &[("query", &query)], self.until).await.map_err(not_sent)?)?;
            let ids = rows.iter().filter(|row| holds(conditions, row)).map(|found| row(&found["id"]));
            found.extend(ids.filter_map(|row| if let Row::Record(id) = row { Some(id) } else { None }));
            if rows.len() < PAGE || found.len() >= usize::from(limit) {
                break;
            }
        }
        if found.is_empty() && !wanted.is_empty() {
            held.look(&self.call.module, &wanted, self.until).await?;
        }
        found.truncate(limit.into());
        Ok(What::Found(found).into())
    }

    /// The conditions with the ids of vtiger in the place of values that name records.
    async fn with_ids(&self, held: &mut Held<'_>, conditions: &[Condition]) -> Result<Vec<Condition>, Fault> {
        let mut named = Vec::with_capacity(conditions.len());
        for (field, comparison, value) in conditions {
            let id = match (field.as_str(), comparison) {
                (_, Comparison::Contains) => None,
                (ID, _) => self.own_id(held, value).await?,
                _ => self.referred(held, field, value).await?,
            };
            named.push((field.clone(), *comparison, id.unwrap_or_else(|| value.clone())));
        }
        Ok(named)
    }

    /// The id of vtiger for a value that names a record of the module, by its whole name, its id or its number.
    async fn own_id(&self, held: &mut Held<'_>, value: &str) -> Result<Option<String>, Fault> {
        let id: ConnectedId = match value.parse::<ConnectedRecord>() {
            Ok(record) if record.connection == self.call.connection && record.module == self.call.module => record.id,
            Ok(record) => return Err(Failure::last(Message::VtigerNoId { record: record.into() }).into()),
            Err(_) => match value.parse() {
                Ok(id) => id,
                Err(_) => return Ok(None),
            },
        };
        Ok(held.describe(&self.call.module, self.until).await?.id(&id))
    }
}

/// The query without its limit, and its conditions.
fn query(module: &str, conditions: &[Condition], sort: Option<&(String, bool)>) -> Result<(String, String), Message> {
    let name = |name: &str| match literal::is_name(name) {
        true => Ok(name.to_owned()),
        false => Err(Message::VtigerDropped { field: name.to_owned() }),
    };
    let mut columns = vec![ID.to_owned()];
    let mut wanted = Vec::new();
    for (field, comparison, value) in conditions {
        let field = name(field)?;
        let value = if *comparison == Comparison::Contains { format!("%{value}%") } else { value.clone() };
        let value = literal::quoted(&value).map_err(|unfindable| match unfindable {
            Unfindable::Empty => Message::VtigerEmptyValue { field: field.clone() },
            Unfindable::Never => Message::VtigerNotFoundBy { field: field.clone() },
        })?;
        let sign = match comparison {
            Comparison::Is => "=",
            Comparison::IsNot => "!=",
            Comparison::Contains => " like ",
            Comparison::Above => ">",
            Comparison::Below => "<",
        };
        if *comparison == Comparison::Contains && !columns.contains(&field) {
            columns.push(field.clone());
        }
        wanted.push(format!("{field}{sign}{value}"));
    }
    let wanted = wanted.join(" and ");
    let only = if wanted.is_empty() { String::new() } else { format!(" where {wanted}") };
    let order = match sort {
        Some((field, true)) => format!("{} desc", name(field)?),
        Some((field, false)) => name(field)?,
        None => ID.to_owned(),
    };
    let query = format!("select {} from {}{only} order by {order}", columns.join(","), name(module)?);
    Ok((query, wanted))
}

/// Whether a row holds the texts that were looked for: `%` and `_` stand for any letters in a query, and here for themselves.
fn holds(conditions: &[Condition], row: &Value) -> bool {
    let contains = conditions.iter().filter(|(_, comparison, _)| *comparison == Comparison::Contains);
    contains.into_iter().all(|(field, _, value)| {
        row[field.as_str()].as_str().is_some_and(|kept| kept.to_lowercase().contains(&value.to_lowercase()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_query_holds_names_and_quoted_values_alone() {
        let condition = |field: &str, comparison, value: &str| (field.to_owned(), comparison, value.to_owned());
        for (conditions, sort, expected) in [
            (vec![], None, Ok("select id from Leads order by id")),
            (
                vec![condition("email", Comparison::Is, "o'n@x"), condition("visits", Comparison::Above, "3")],
                Some(("visits".to_owned(), true)),
                Ok("select id from Leads where email='o''n@x' and visits>'3' order by visits desc"),
            ),
            (
                vec![condition("city", Comparison::Contains, "50%"), condition("city", Comparison::IsNot, "x")],
                None,
                Ok("select id,city from Leads where city like '%50%%' and city!='x' order by id"),
            ),
            (vec![condition("a", Comparison::Is, "")], None, Err("a: vtiger finds no record by an empty value")),
            (
                vec![condition("a;b", Comparison::Is, "1")],
                None,
                Err("vtiger has no field a;b that can be set: its value was dropped"),
            ),
        ] {
            let found = query("Leads", &conditions, sort.as_ref()).map_err(|message| message.to_string());
            let found = found.map(|(query, _)| query);
            assert_eq!(found.as_deref(), expected.map_err(str::to_owned).as_deref(), "{conditions:?}");
        }
        let percent = [condition("city", Comparison::Contains, "50%")];
        assert!(holds(&percent, &json!({"city": "a 50% B"})) && !holds(&percent, &json!({"city": "500"})));
    }
}
