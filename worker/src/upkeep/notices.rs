//! Tells people that leads stop, fail, or wait for a person. A worker does it, since workers have the mail server and the
//! way out of the cluster; control has neither.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use lettre::message::Mailbox;
use postern_shared::message::Message;
use postern_shared::notice::{Cause, Channel, Settings};
use postern_shared::rendered::{HttpCall, Rendered};
use postern_shared::store::notices::{self, Notice};
use postern_shared::store::{Store, StoreError};
use serde_json::json;

use crate::outside::Outside;
use crate::outside::call::{Call, Report};
use crate::outside::mail::{self, Draft};

/// How often is looked, by all workers together.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a cause must not have been seen before it is over: what comes and goes is one cause.
const QUIET: Duration = Duration::from_secs(10 * 60);

/// When a notice is sent again that nobody settled.
const TRY_AGAIN: Duration = Duration::from_secs(60);

/// How long sending may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How much of an answer is read.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Calls for notices belong to no workflow.
const NO_WORKFLOW: i64 = 0;

/// Looks until it is aborted. `sender` is from whom mails come.
pub async fn tell(store: Store, outside: Outside, sender: Option<Mailbox>) {
    loop {
        if let Err(error) = look(&store, &outside, sender.as_ref()).await {
            tracing::debug!(%error, "the causes of notices could not be counted");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look(store: &Store, outside: &Outside, sender: Option<&Mailbox>) -> Result<(), StoreError> {
    let Some(settings) = notices::look(&store.connection().await?, LOOK_EVERY).await? else { return Ok(()) };
    let counts = notices::count(&store.connection().await?).await?;
    for (cause, count) in
        Cause::ALL.into_iter().zip(counts).filter(|(cause, count)| is_there(&settings, *cause, *count))
    {
        for channel in settings.channels() {
            notices::see(&store.connection().await?, cause, channel, count).await?;
        }
    }
    loop {
        let claimed = notices::claim(&store.connection().await?, QUIET, TRY_AGAIN).await?;
        let Some(notice) = claimed else { return Ok(()) };
        let is_wanted = settings.channels().contains(&notice.channel) && settings.causes.contains(&notice.cause);
        // What nobody wants to know any more is over without a word.
        if !is_wanted || is_sent(outside, sender, &settings, &notice).await {
            notices::settle(&store.connection().await?, &Notice { was_told: notice.was_told || !is_wanted, ..notice })
                .await?;
        }
    }
}

fn is_there(settings: &Settings, cause: Cause, count: i64) -> bool {
    let least = if cause == Cause::Silent { i64::from(settings.silent_hours).max(1) } else { 1 };
    settings.causes.contains(&cause) && count >= least
}

async fn is_sent(outside: &Outside, sender: Option<&Mailbox>, settings: &Settings, notice: &Notice) -> bool {
    let key = key(notice);
    let request = match notice.channel {
        Channel::Mail => match &settings.connection {
            None => mail_of(settings, notice, sender, &key),
            Some(name) => mail_of(settings, notice, outside.sender_of(name).as_ref(), &key),
        },
        Channel::Webhook => Ok(webhook_of(settings, notice)),
    };
    let (cause, channel) = (notice.cause.word(), notice.channel.word());
    let report = match request {
        Ok(request) => {
            let request = Arc::new(request);
            let call =
                Call { request, timeout: TIMEOUT, at_most_once: false, max_bytes: MAX_ANSWER_BYTES, unclear_for: None };
            outside.call(&call, NO_WORKFLOW, &key).await
        }
        Err(reason) => {
            tracing::warn!(cause, channel, %reason, "a notice cannot be sent");
            return false;
        }
    };
    match report {
        Report::Answered(reply) if (200..300).contains(&reply.status) => true,
        Report::Answered(reply) => {
            tracing::warn!(cause, channel, status = reply.status, "a notice was not taken; tried again in a minute");
            false
        }
        Report::Failed(failure) => {
            tracing::warn!(cause, channel, reason = %failure.reason, "a notice was not sent; tried again in a minute");
            false
        }
        Report::Decided(_) | Report::Done(_) => false,
    }
}

/// The same for every try of a notice.
fn key(notice: &Notice) -> String {
    let begun_ms = notice.begun_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let what = if notice.was_told { "ended" } else { "begun" };
    format!("notice-{}-{}-{begun_ms}-{what}", notice.cause.word(), notice.channel.word())
}

fn line(settings: &Settings, notice: &Notice) -> String {
    let language = settings.language();
    if notice.was_told { notice.cause.ended(language).to_owned() } else { notice.cause.begun(notice.count, language) }
}

fn mail_of(settings: &Settings, notice: &Notice, sender: Option<&Mailbox>, key: &str) -> Result<Rendered, Message> {
    let line = line(settings, notice);
    let to = settings.mail.iter().filter_map(|address| address.parse().ok()).collect();
    let link = settings.link(notice.cause.page()).unwrap_or_default();
    let draft = Draft {
        from: sender.cloned(),
        reply_to: None,
        to,
        cc: Vec::new(),
        bcc: Vec::new(),
        subject: format!("Postern: {line}"),
        text: Some(format!("{line}.\n\n{link}\n")),
        html: None,
        attachments: Vec::new(),
        connection: settings.connection.clone(),
    };
    mail::compose(draft, key).map(Rendered::Mail)
}

/// `text` is what chats such as Slack and Mattermost show.
fn webhook_of(settings: &Settings, notice: &Notice) -> Rendered {
    let line = line(settings, notice);
    let link = settings.link(notice.cause.page());
    let body = json!({
        "cause": notice.cause.word(),
        "state": if notice.was_told { "ended" } else { "begun" },
        "count": notice.count,
        "text": link.as_ref().map_or_else(|| line.clone(), |link| format!("{line}: {link}")),
        "link": link,
    });
    Rendered::Http(HttpCall {
        method: "POST".to_owned(),
        url: settings.webhook.clone(),
        connection: None,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: Some(body.to_string()),
        marks: None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn notice(was_told: bool) -> Notice {
        Notice { cause: Cause::Failed, channel: Channel::Mail, begun_at: SystemTime::UNIX_EPOCH, count: 3, was_told }
    }

    #[test]
    fn a_notice_says_what_began_and_what_is_over() {
        let settings = Settings { panel: "https://p.example".to_owned(), ..Settings::default() };
        for (was_told, key_of, text) in [
            (false, "notice-failed-mail-0-begun", "Runs failed in the last hour: 3"),
            (true, "notice-failed-mail-0-ended", "No run failed in the last hour"),
        ] {
            assert_eq!((key(&notice(was_told)).as_str(), line(&settings, &notice(was_told)).as_str()), (key_of, text));
        }
        let Rendered::Http(call) = webhook_of(&settings, &notice(false)) else { panic!() };
        let body: serde_json::Value = serde_json::from_str(&call.body.unwrap()).unwrap();
        assert_eq!(body["text"], "Runs failed in the last hour: 3: https://p.example/runs?state=failed");
    }

    #[test]
    fn leads_have_stopped_after_the_hours_of_the_settings() {
        let settings = Settings { causes: Cause::ALL.to_vec(), silent_hours: 8, ..Settings::default() };
        assert!(!is_there(&settings, Cause::Silent, 7) && is_there(&settings, Cause::Silent, 8));
        assert!(!is_there(&settings, Cause::Failed, 0) && is_there(&settings, Cause::Failed, 1));
        assert!(!is_there(&Settings { causes: Vec::new(), ..settings }, Cause::Failed, 1));
    }
}
