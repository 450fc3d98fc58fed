//! A list of the API: pages of it are read until there are as many items as are wanted. What the API does not filter by
//! (time and text) is filtered here.

use std::collections::HashMap;
use std::fmt::Display;
use std::mem;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use postern_control::operation::Operation;
use postern_control::operation::field::{LAST_MAX, Last, Time};
use postern_shared::document::Name;
use postern_shared::id::PermissionKey;
use serde::Serialize;
use tokio::time::sleep;

use crate::api::Api;
use crate::known;
use crate::options::Server;
use crate::output::table::{Column, Table};
use crate::output::{Failure, Output, json, parse_moment};
use crate::texts::tell;

/// The most items that are looked at for those that a filter lets through.
const MAX_LOOKED_AT: usize = 20_000;

/// Between two looks of `--watch`, and how many of the newest items each of them sees.
const WATCH_EVERY: Duration = Duration::from_secs(1);
const WATCHED: i64 = 100;

/// What helps against a cursor that is none.
const CURSOR: &str = "it takes what the end of the page before names";

/// How much of a list, and which server has it.
#[derive(Debug, Args)]
pub struct Listing {
    /// How many
    #[arg(long, short = 'n', alias = "limit", default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
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

/// A list: how an operation is asked for it, and how it is shown.
pub struct List<O: Operation, T: 'static> {
    /// Which items, without how many.
    pub input: O::Input,
    /// How many of them are asked for.
    pub last: fn(&mut O::Input) -> &mut Last,
    /// How pages are asked for, if the API gives pages of it.
    pub pages: Option<Pages<O>>,
    /// The items of an answer, the newest first.
    pub items: fn(&mut O::Output) -> &mut Vec<T>,
    /// The time of an item, if items have one.
    pub time: Option<fn(&T) -> &Time>,
    /// The name of an item, as other commands take it.
    pub name: fn(&T) -> String,
    /// What is shown of an item.
    pub columns: &'static [Column<T>],
    /// A permission that items must have, by which the API does not filter.
    pub permission: Option<PermissionKey>,
    /// The permission of an item, if items have one.
    pub permission_of: fn(&T) -> &str,
    /// What must be there: a misspelt name would look like an empty list.
    pub named: Vec<Name>,
}

/// How pages of a list are asked for.
pub struct Pages<O: Operation> {
    /// Asks for the items behind a cursor.
    pub before: fn(&mut O::Input, &str) -> Result<(), String>,
    /// Takes the cursor of the next page out of an answer; none = this is the last page.
    pub next: fn(&mut O::Output) -> Option<String>,
}

/// Reads a cursor.
pub fn cursor<C: FromStr<Err: Display>>(text: &str) -> Result<Option<C>, String> {
    text.parse().map(Some).map_err(|error: C::Err| format!("--before {text}: {error}"))
}

impl Listing {
    /// Prints the items.
    pub async fn print<O, T>(&self, list: List<O, T>, output: &mut Output) -> Result<(), Failure>
    where
        O: Operation<Input: Serialize + Clone, Output: Serialize>,
        T: Serialize,
    {
        let api = self.api.api()?;
        if self.before.is_some() && list.pages.is_none() {
            return Err(Failure::usage("this list has no pages", "--last N shows more of it"));
        }
        if list.time.is_none() && (self.since.is_some() || self.until.is_some()) {
            return Err(Failure::usage("the items of this list have no time", "--last and --before take a part of it"));
        }
        let mut found = self.find(&api, &list).await?;
        let whole = json(&found)?;
        let items = mem::take((list.items)(&mut found));
        if items.is_empty() {
            known::check_all(&api, list.named.iter().cloned()).await?;
        }
        let table = output.list(list.columns, list.name, &items, &whole)?;
        if items.is_empty() {
            output.note(tell!("list-none"));
        }
        if output.is_for_a_terminal()
            && let Some(next) = list.next(&mut found)
        {
            output.note(tell!("list-more", cursor = next));
        }
        if self.watch { self.follow(&api, &list, &table, &items, output).await } else { Ok(()) }
    }

    /// Reads pages until there is enough; the last of them, with the items of all.
    async fn find<O, T>(&self, api: &Api, list: &List<O, T>) -> Result<O::Output, Failure>
    where
        O: Operation<Input: Serialize + Clone>,
        T: Serialize,
    {
        let wanted = usize::from(self.last);
        let is_filtered = self.is_filtered(list);
        let (mut items, mut before, mut looked_at) = (Vec::new(), self.before.clone(), 0);
        loop {
            let missing = i64::try_from(wanted - items.len()).unwrap_or(LAST_MAX);
            let size = if is_filtered { LAST_MAX } else { LAST_MAX.min(missing) };
            let mut found = list.page(api, size, before.as_deref()).await?;
            let page = mem::take((list.items)(&mut found));
            looked_at += page.len();
            let is_over = page.last().is_none_or(|item| self.is_too_old(item, list)) || looked_at >= MAX_LOOKED_AT;
            for item in page {
                if self.takes(&item, list)? {
                    items.push(item);
                }
            }
            let is_enough = items.len() >= wanted;
            if is_filtered || !is_enough {
                // With a filter it would be behind items that were looked at and left out for want of room.
                before = list.next(&mut found);
            }
            if is_enough || is_over || before.is_none() {
                items.truncate(wanted);
                *(list.items)(&mut found) = items;
                return Ok(found);
            }
        }
    }

    /// Shows what comes, the oldest first.
    async fn follow<O, T>(
        &self,
        api: &Api,
        list: &List<O, T>,
        table: &Table<T>,
        shown: &[T],
        output: &mut Output,
    ) -> Result<(), Failure>
    where
        O: Operation<Input: Serialize + Clone>,
        T: Serialize,
    {
        let mut seen = HashMap::new();
        for item in shown {
            seen.insert((list.name)(item), json(item)?);
        }
        loop {
            sleep(WATCH_EVERY).await;
            let mut newest = mem::take((list.items)(&mut list.page(api, WATCHED, None).await?));
            // What stands behind all that were shown is older, and not new.
            let end = newest.iter().rposition(|item| seen.contains_key(&(list.name)(item)));
            newest.truncate(end.map_or(newest.len(), |last| last + 1));
            for item in newest.iter().rev() {
                let (name, now) = ((list.name)(item), json(item)?);
                if self.takes(item, list)? && seen.get(&name) != Some(&now) {
                    output.row(table, &name, item)?;
                    seen.insert(name, now);
                }
            }
        }
    }

    fn is_filtered<O: Operation, T>(&self, list: &List<O, T>) -> bool {
        list.permission.is_some() || self.since.is_some() || self.until.is_some() || self.text.is_some()
    }

    fn is_too_old<O: Operation, T>(&self, item: &T, list: &List<O, T>) -> bool {
        matches!((self.since, list.moment(item)), (Some(since), Some(at)) if at < since)
    }

    fn takes<O: Operation, T: Serialize>(&self, item: &T, list: &List<O, T>) -> Result<bool, Failure> {
        let is_early = matches!((self.until, list.moment(item)), (Some(until), Some(at)) if at > until);
        let is_other = list.permission.as_ref().is_some_and(|wanted| (list.permission_of)(item) != wanted.as_str());
        if is_early || is_other || self.is_too_old(item, list) {
            return Ok(false);
        }
        let Some(text) = &self.text else { return Ok(true) };
        Ok(json(item)?.to_string().to_lowercase().contains(&text.to_lowercase()))
    }
}

impl<O: Operation, T> List<O, T> {
    async fn page(&self, api: &Api, last: i64, before: Option<&str>) -> Result<O::Output, Failure>
    where
        O: Operation<Input: Serialize + Clone>,
    {
        let mut input = self.input.clone();
        *(self.last)(&mut input) = Last::try_from(last).map_err(Failure::fault)?;
        if let (Some(before), Some(pages)) = (before, &self.pages) {
            (pages.before)(&mut input, before).map_err(|error| Failure::usage(error, CURSOR))?;
        }
        api.call::<O>(&input).await
    }

    fn next(&self, found: &mut O::Output) -> Option<String> {
        self.pages.as_ref().and_then(|pages| (pages.next)(found))
    }

    fn moment(&self, item: &T) -> Option<Timestamp> {
        (self.time?)(item).0.parse().ok()
    }
}
