//! `postern forget`: finds a person in all that is kept, exports what is found, and blanks it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use clap::Args;
use postern_control::operation::person::forget::{self, ForgetPerson};
use postern_control::operation::person::look::{FoundRow, Input, LookForPerson};
use postern_shared::person::{MAX_CHARS, MAX_TEXTS};
use serde_json::json;

use crate::api::Api;
use crate::confirm::confirm;
use crate::options::Server;
use crate::output::{Failure, Output};

/// The limits of the texts.
static LIMITS: LazyLock<String> =
    LazyLock::new(|| format!("1 to {MAX_TEXTS} texts name a person, each of at most {MAX_CHARS} characters."));

/// Arguments of `forget`.
#[derive(Debug, Args)]
#[command(after_help = LIMITS.as_str())]
pub struct Options {
    /// E-mails, phone numbers and names of one person. A name in quotes counts where its words stand together, or are the
    /// first and the last name in one record or call
    #[arg(required = true, value_name = "TEXT")]
    texts: Vec<String>,
    /// Forgets the person without a question
    #[arg(long)]
    yes: bool,
    /// Writes what is found to a new file, a row in each line as JSON; without `--yes` nothing is forgotten then
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    #[command(flatten)]
    api: Server,
}

/// Looks through all, and then forgets the person if that is wanted.
pub async fn run(options: &Options, output: &mut Output) -> Result<(), Failure> {
    one_name(&options.texts)?;
    let api = options.api.api()?;
    let mut export = options.export.as_deref().map(create).transpose()?;
    let found = parts(&api, &options.texts, None, "looked through", |row| match &mut export {
        Some(file) => write(file, row),
        None => Ok(()),
    })
    .await?;
    if let Some(mut file) = export {
        file.flush()?;
    }
    tell(&found, None, output)?;
    if found.rows.is_empty() {
        // What is on its way may still have the person.
        output.note("what is still in the queue is not looked through before it arrives: --yes forgets it then");
    }
    if !options.yes && (options.export.is_some() || found.rows.is_empty()) {
        return Ok(());
    }
    output.note("settings are not changed: documents of permissions, triggers, workflows and modules stay as they are");
    confirm("forget this person in all of it, and cancel runs that wait with it", options.yes)?;
    let texts = options.texts.clone();
    let report = api.call::<ForgetPerson>(&forget::Input { texts }).await?.report;
    let forgotten = parts(&api, &options.texts, Some(report), "forgotten", |_| Ok(())).await?;
    tell(&forgotten, Some(report), output)
}

/// Each text names the person by itself: two words are two names, and each may be that of many people.
fn one_name(texts: &[String]) -> Result<(), Failure> {
    let is_word = |text: &&String| text.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'));
    let words: Vec<&str> = texts.iter().filter(is_word).map(String::as_str).collect();
    if words.len() < 2 {
        return Ok(());
    }
    let hint = format!("write the name as one text: '{}'; of several names forget one after another", words.join(" "));
    Err(Failure::usage("each text names the person by itself, and these are several words", hint))
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create_new(path);
    file.map(BufWriter::new).map_err(|error| {
        Failure::failed(format!("cannot make {}: {error}", path.display()), "name a file that is not there yet")
    })
}

fn write(file: &mut impl Write, row: &FoundRow) -> Result<(), Failure> {
    let line = serde_json::to_string(row).map_err(|error| Failure::fault(error.to_string()))?;
    Ok(writeln!(file, "{line}")?)
}

/// What has the person.
#[derive(Default)]
struct Found {
    /// How many rows of each table.
    rows: BTreeMap<String, i64>,
    /// The names of records of other systems that may have the person.
    elsewhere: BTreeSet<String>,
}

/// All parts, one after another.
async fn parts(
    api: &Api,
    texts: &[String],
    report: Option<i64>,
    done: &str,
    mut each: impl FnMut(&FoundRow) -> Result<(), Failure>,
) -> Result<Found, Failure> {
    let (mut found, mut from, mut looked_at) = (Found::default(), None, 0);
    let is_shown = std::io::stderr().is_terminal();
    loop {
        let part = api.call::<LookForPerson>(&Input { texts: texts.to_vec(), from, report }).await?;
        for row in &part.found {
            each(row)?;
            *found.rows.entry(row.place.clone()).or_insert(0) += 1;
        }
        found.elsewhere.extend(part.elsewhere);
        looked_at += part.looked_at;
        if is_shown {
            let total = part.total.max(looked_at);
            write!(std::io::stderr(), "\r{looked_at} of about {total} rows {done}")?;
        }
        from = part.next;
        if from.is_none() {
            if is_shown {
                writeln!(std::io::stderr())?;
            }
            return Ok(found);
        }
    }
}

fn tell(found: &Found, report: Option<i64>, output: &mut Output) -> Result<(), Failure> {
    let Found { rows, elsewhere } = found;
    let lines: Vec<String> = rows.iter().map(|(place, count)| format!("{place}\t{count}")).collect();
    let mut lines = if lines.is_empty() { "nothing found".to_owned() } else { lines.join("\n") };
    if !elsewhere.is_empty() {
        lines.push_str(
            "\nthese records of other systems may have the person; remove the person there, Postern does not:",
        );
        elsewhere.iter().for_each(|name| lines.push_str(&format!("\n{name}")));
    }
    let heading = report.map_or_else(|| "found".to_owned(), |report| format!("forgotten, report {report}"));
    output
        .result(format_args!("{heading}:\n{lines}"), &json!({"report": report, "found": rows, "elsewhere": elsewhere}))
}
