//! A list of the API: pages of it are read until there are as many items as are wanted. What the API does not filter by
//! (time and text) is filtered here.

use std::collections::HashMap;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use postern_shared::document::Name;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::api::Api;
use crate::known;
use crate::options::Server;
use crate::output::table::{Column, Table};
use crate::output::{Failure, Output, parse_moment, word};

/// The most items that the API gives at once.
const PAGE: usize = 1_000;

/// The most items that are looked at for those that a filter lets through.
const MAX_LOOKED_AT: usize = 20_000;

/// Between two looks of `--watch`, and how many of the newest items each of them sees.
const WATCH_EVERY: Duration = Duration::from_secs(1);
const WATCHED: usize = 100;

/// How much of a list, and which server has it.
#[derive(Debug, Args)]
pub struct Listing {
    /// How many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    last: u16,
    /// Only those before this one: what the end of the page before names
    #[arg(long, value_name = "CURSOR")]
    before: Option<String>,
    /// Only those since: 90m, 2d, a date or a time
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    since: Option<Timestamp>,
    /// Only those until: 90m, 2d, a date or a time
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    until: Option<Timestamp>,
    /// Only those in which this text stands, in upper or lower case
    #[arg(long, value_name = "TEXT")]
    text: Option<String>,
    /// Goes on to show what is new or has changed, until Ctrl-C
    #[arg(long, short = 'w')]
    watch: bool,
    #[command(flatten)]
    api: Server,
}

/// What a list is.
pub struct List {
    /// Where it is.
    pub path: String,
    /// The name under which its items stand in the answer.
    pub items: &'static str,
    /// The name under which the time of an item stands, if it has one. The items are sorted, the newest first.
    pub time: Option<&'static str>,
    /// Whether the API gives pages of it.
    pub is_paged: bool,
    /// What is shown of an item.
    pub columns: &'static [Column],
    /// The name of an item, as other commands take it.
    pub name: fn(&Value) -> String,
    /// Query variables; those without a value are left out.
    pub query: Vec<(&'static str, Option<String>)>,
    /// Names and texts that an item must have, which the API does not filter by.
    pub only: Vec<(&'static str, Option<String>)>,
    /// What must be there: a misspelt name would look like an empty list.
    pub named: Vec<Name>,
}

/// Items that were found.
struct Found {
    items: Vec<Value>,
    /// The answer that holds them.
    whole: Value,
}

impl Listing {
    /// Prints the items.
    pub async fn print(&self, list: &List, output: &mut Output) -> Result<(), Failure> {
        let api = self.api.api()?;
        if self.before.is_some() && !list.is_paged {
            return Err(Failure::usage("this list has no pages", "--last N shows more of it"));
        }
        if list.time.is_none() && (self.since.is_some() || self.until.is_some()) {
            return Err(Failure::usage("the items of this list have no time", "--last and --before take a part of it"));
        }
        let found = self.find(&api, list).await?;
        if found.items.is_empty() {
            for name in &list.named {
                known::check(&api, name).await?;
            }
        }
        let table = output.list(list.columns, list.name, &found.items, &found.whole)?;
        if found.items.is_empty() {
            output.note("nothing found");
        }
        if output.is_for_a_terminal()
            && let Some(next) = found.whole.get("next").filter(|next| !next.is_null())
        {
            output.note(format_args!("more: --before {}", next.to_string().trim_matches('"')));
        }
        if self.watch { self.follow(&api, list, &table, found.items, output).await } else { Ok(()) }
    }

    /// Reads pages until there is enough.
    async fn find(&self, api: &Api, list: &List) -> Result<Found, Failure> {
        let wanted = usize::from(self.last);
        let is_filtered = self.is_filtered(list);
        let (mut items, mut before, mut looked_at) = (Vec::new(), self.before.clone(), 0);
        loop {
            let size = if is_filtered { PAGE } else { PAGE.min(wanted - items.len()) };
            let mut whole = self.page(api, list, size, before.take()).await?;
            let page = whole[list.items].as_array().cloned().unwrap_or_default();
            looked_at += page.len();
            let is_over = page.last().is_none_or(|item| self.is_too_old(item, list)) || looked_at >= MAX_LOOKED_AT;
            items.extend(page.into_iter().filter(|item| self.takes(item, list)));
            let next = whole.get("next").filter(|next| !next.is_null()).cloned();
            if items.len() >= wanted || is_over || next.is_none() {
                items.truncate(wanted);
                whole[list.items] = json!(items);
                if is_filtered {
                    // It would be behind items that were looked at and left out for want of room.
                    whole["next"] = Value::Null;
                }
                return Ok(Found { items, whole });
            }
            before = next.map(|next| next.as_str().map_or_else(|| next.to_string(), str::to_owned));
        }
    }

    async fn page(&self, api: &Api, list: &List, size: usize, before: Option<String>) -> Result<Value, Failure> {
        let mut query = list.query.clone();
        query.push(("last", Some(size.to_string())));
        query.push(("before", before));
        api.get(&list.path, &query).await
    }

    /// Shows what comes, the oldest first.
    async fn follow(
        &self,
        api: &Api,
        list: &List,
        table: &Table,
        shown: Vec<Value>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let mut seen: HashMap<String, Value> = shown.into_iter().map(|item| ((list.name)(&item), item)).collect();
        loop {
            sleep(WATCH_EVERY).await;
            let whole = self.page(api, list, WATCHED, None).await?;
            let newest = whole[list.items].as_array().cloned().unwrap_or_default();
            let newest: Vec<Value> = newest.into_iter().filter(|item| self.takes(item, list)).collect();
            // What stands behind all that were shown is older, and not new.
            let end = newest.iter().rposition(|item| seen.contains_key(&(list.name)(item)));
            let end = end.map_or(newest.len(), |last| last + 1);
            for item in newest.into_iter().take(end).rev() {
                let name = (list.name)(&item);
                if seen.get(&name) != Some(&item) {
                    output.row(table, &name, &item)?;
                    seen.insert(name, item);
                }
            }
        }
    }

    fn is_filtered(&self, list: &List) -> bool {
        let only = list.only.iter().any(|(_, wanted)| wanted.is_some());
        only || self.since.is_some() || self.until.is_some() || self.text.is_some()
    }

    fn is_too_old(&self, item: &Value, list: &List) -> bool {
        matches!((self.since, moment(item, list)), (Some(since), Some(at)) if at < since)
    }

    fn takes(&self, item: &Value, list: &List) -> bool {
        let is_early = matches!((self.until, moment(item, list)), (Some(until), Some(at)) if at > until);
        let has_text =
            self.text.as_ref().is_none_or(|text| item.to_string().to_lowercase().contains(&text.to_lowercase()));
        let mut only = list.only.iter().filter_map(|(name, wanted)| Some((name, wanted.as_ref()?)));
        !is_early && !self.is_too_old(item, list) && has_text && only.all(|(name, wanted)| word(item, name) == wanted)
    }
}

fn moment(item: &Value, list: &List) -> Option<Timestamp> {
    word(item, list.time?).parse().ok()
}
