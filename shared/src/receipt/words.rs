//! What of a message a caller is told. A message of a step may hold what was posted: a `stop` says what its workflow makes
//! of it, and an error may quote it. A caller gets those words that are Postern's own, and `…` for the rest; what is not
//! known here is left out. The panel and the API show all of it.

/// The messages that are Postern's own words. In them stand `#` for a number and `@` for a name that a document sets, which
/// are told; `%` for one word and, at the end, `*` for the rest, which are not; `+` for a rest that is.
const OWN: &[&str] = &[
    // Why a workflow does not run.
    "there is no workflow #",
    "no workflow listens to the trigger @",
    "the workflow is inactive",
    "it needs a record and got none",
    "record % does not exist",
    "record % belongs to @, the workflow runs on @",
    "its condition is false",
    "its condition could not be evaluated: *",
    "it runs once per record, and has run on record %",
    // How a run ended beside its steps.
    "it took # steps: does it loop for ever?",
    "it would have to keep # bytes, more than #",
    "the run has computed for more than # s",
    "the run has written more than # bytes",
    "this version of the workflow has no step @",
    "version # of its workflow cannot be read",
    "step @ waits for its target",
    // What it cost.
    "went on alone: +",
    "the search of @ by +",
    "@: $env would hold # bytes, more than #",
    // What other systems did.
    "the target answered #",
    "the answer has more than # bytes",
    "the target has a private address, which POSTERN_ALLOWED_TARGETS does not allow",
    "the target cannot be connected",
    "there was no answer within # ms",
    "it was redirected too often",
    "it was redirected to what is no URL of http or https",
    "it was redirected to another origin with the same method and body, which are sent to none but that of its URL",
    "the request cannot be made",
    "the connection broke before the answer was there",
    "the mail server answered #",
    "the mail server did not answer within # ms",
    "the mail server cannot be connected",
    "the mail server cannot take such addresses",
    "the mail server refuses Postern with #",
    "the mail server offers no STARTTLS, or no log-in that Postern knows",
    "no encrypted connection to the mail server came about",
    "the connection broke before the mail server had taken the mail",
    "the worker knows no mail server: POSTERN_SMTP_URL is not set",
    "nobody sends the mail: neither the step nor POSTERN_MAIL_FROM names one",
    "the mail cannot be made: *",
    "a person decided that it failed",
    "the worker broke off while it was at it",
    // What is wrong with a value.
    "the run has no record, and the step names none",
    "field @ of @ must be +",
    "field @ of @ is required and has no value",
    "field @ of @ is required and would be cleared",
    "field @ of @ is unique, and record % has this value",
    "field @ of @ is not declared, and the module is strict",
    "the record would hold # bytes, more than #",
    "the response has # bytes, more than #",
    "http_request: it is not a URL",
    "http_request: the URL must begin with http:// or https://",
    "send_mail: it is for nobody",
    "send_mail: it is for more than #",
    "@: it is no mail address",
    "@: it is more than one mail address",
    "@: the value cannot stand in a header",
    "@: it is compared with a text that is not +",
    "@: @ has no such field, and it is strict",
    "@: the list has # items, more than #",
    "@: the expression took more than # steps",
    "@: the text is larger than # bytes",
    "@: a delay is at most # days long",
    "@: a duration is not negative",
    "@: is no time to come",
    "@: must be a duration such as 45s, 90m, 1h 30m, 2d or 1w",
    // Runs that runs start.
    "# × workflow #",
    "workflow # is inactive, and was not started",
    "the list is empty: workflow # was not started",
    "# runs started each other: would they go on for ever?",
    "the receipt would have more than # runs",
    "a run would have to keep # bytes, more than #",
    // Why something became a dead letter.
    "the receipt's time lies outside the kept history",
    "the kind *",
    "the broker gave it up: @",
    "# workers in a row broke off while they had it",
    "a person discarded it: *",
    "postgresql refuses it: *",
    // The setting whose value a step could not work out.
    "@: *",
];

/// What may stand before such a message.
const BEFORE: [&str; 3] = ["step @: ", "it is not known what came of it: ", "it did not run: "];

/// What may stand behind it.
const BEHIND: [&str; 2] = ["; again in # s", " after # tries"];

/// A message as a caller is told of it; none = its words may be of what was posted.
pub fn told(message: &str) -> Option<String> {
    for before in BEFORE {
        if let Some((told, rest)) = begun(before, message) {
            return Some(told + &self::told(rest)?);
        }
    }
    for behind in BEHIND {
        let (mark, _) = behind.split_once('#')?;
        if let Some(at) = message.rfind(mark)
            && let Some((told, "")) = begun(behind, &message[at..])
        {
            return Some(self::told(&message[..at])? + &told);
        }
    }
    OWN.iter().find_map(|own| begun(own, message).filter(|(_, rest)| rest.is_empty()).map(|(told, _)| told))
}

/// What of a text that begins like the pattern is told, and what stands behind it.
fn begun<'m>(pattern: &str, message: &'m str) -> Option<(String, &'m str)> {
    let (mut told, mut rest) = (String::new(), message);
    for sign in pattern.chars() {
        let is_told = match sign {
            '#' => take(&mut rest, |c| c.is_ascii_digit())?,
            '@' => take(&mut rest, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))?,
            '%' => take(&mut rest, |c| !c.is_whitespace()).map(|_| "…")?,
            '*' => take(&mut rest, |_| true).map(|_| "…")?,
            '+' => take(&mut rest, |_| true)?,
            sign => {
                rest = rest.strip_prefix(sign)?;
                told.push(sign);
                continue;
            }
        };
        told.push_str(is_told);
    }
    Some((told, rest))
}

/// Takes as many characters as fit; nothing if none does.
fn take<'m>(rest: &mut &'m str, fits: impl Fn(char) -> bool) -> Option<&'m str> {
    let (taken, left) = rest.split_at(rest.find(|c| !fits(c)).unwrap_or(rest.len()));
    *rest = left;
    (!taken.is_empty()).then_some(taken)
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn own_words_are_told_and_what_may_be_posted_is_not() {
        for (message, expected) in [
            ("the target answered 503; again in 4 s", Some("the target answered 503; again in 4 s")),
            ("step call: the target answered 404", Some("step call: the target answered 404")),
            ("step change: record 9999 does not exist", Some("step change: record … does not exist")),
            (
                "record 9 belongs to Leads, the workflow runs on Contacts",
                Some("record … belongs to Leads, the workflow runs on Contacts"),
            ),
            (
                "step lead: field email of Leads must be an e-mail address",
                Some("step lead: field email of Leads must be an e-mail address"),
            ),
            ("step a: fields.n: cannot convert secret to int", Some("step a: fields.n: …")),
            ("its condition could not be evaluated: secret", Some("its condition could not be evaluated: …")),
            ("it did not run: its condition is false", Some("it did not run: its condition is false")),
            ("postgresql refuses it: secret (23514) after 6 tries", Some("postgresql refuses it: … after 6 tries")),
            (
                "step x: it is not known what came of it: the worker broke off while it was at it",
                Some("step x: it is not known what came of it: the worker broke off while it was at it"),
            ),
            ("it took 10000 steps: does it loop for ever?", Some("it took 10000 steps: does it loop for ever?")),
            ("a person discarded it: secret", Some("a person discarded it: …")),
            ("record: record id \"secret\" is not a whole number above zero", Some("record: …")),
            ("2 × workflow 3", Some("2 × workflow 3")),
            ("until 2026-11-24T13:30:00Z", None),
            ("found secret", None),
            ("the target answered secret", None),
            ("the target answered 404 secret", None),
            ("secret; again in 4 s", None),
            ("step a", None),
            ("", None),
        ] {
            assert_eq!(told(message).as_deref(), expected, "{message}");
        }
    }
}
