//! Reaches out, outside of every transaction: one HTTP call, or one mail. Nothing of it stands in a log line.

mod basic;
pub mod breaker;
pub mod call;
mod certificates;
mod check;
pub mod connected;
mod descriptions;
mod guard;
mod http;
mod login;
pub mod mail;
pub mod quick_targets;
mod redirect;
pub mod retry_after;
mod secrets;
mod tokens;
pub mod trace_headers;
pub mod vtiger;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use ipnet::IpNet;
use lettre::message::Mailbox;
use postern_shared::connection::Connections;
use postern_shared::id::ConnectionName;
use postern_shared::message::{ConnectionFault, Message};
use postern_shared::rendered::{ConnectedCall, HttpCall, Mail, Rendered};
use postern_shared::secret::scrub::Scrubber;
use postern_shared::secret::{Secrets, Value};
use postern_shared::store::spool::Pair;
use prometheus::IntGauge;
use tokio::time::Instant;

use breaker::{Breakers, CallOutcome};
use call::{Call, Failure, FailureKind, Reply, Report, target};
use http::Http;
use mail::MailServer;
use quick_targets::QuickTargets;
use tokens::Tokens;
use vtiger::{Access, Vtigers};

/// What the settings in force say of other systems; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub secrets: Arc<ArcSwap<Secrets>>,
    pub connections: Arc<ArcSwap<Connections>>,
}

/// Makes calls; clones share their connections and what is known of the targets.
#[derive(Debug, Clone)]
pub struct Outside {
    http: Http,
    known: Known,
    tokens: Arc<Tokens>,
    mail: Option<MailServer>,
    pub vtigers: Arc<Vtigers>,
    pub breakers: Arc<Breakers>,
    pub quick_targets: Arc<QuickTargets>,
}

impl Outside {
    /// Only public targets, and those in these networks; mails go by this server. The gauge counts what rests.
    pub fn new(
        allowed: Vec<IpNet>,
        mail: Option<MailServer>,
        known: Known,
        resting: IntGauge,
    ) -> Result<Self, reqwest::Error> {
        let (breakers, quick_targets) = (Arc::new(Breakers::new(resting)), Arc::default());
        let http = Http::new(allowed)?;
        let (tokens, vtigers) = (Arc::default(), Arc::new(Vtigers::new(http.clone())));
        Ok(Self { http, known, tokens, mail, vtigers, breakers, quick_targets })
    }

    /// What becomes of a call that has waited for too long: a target that still rests is not asked.
    pub async fn call_overdue(&self, call: &Call, workflow: i64, key: &str) -> Report {
        let pair = Pair { workflow, target: target(&call.request) };
        if self.breakers.rests(&pair, Instant::now()) {
            return Report::Failed(Failure::not_made(Message::TargetRests, FailureKind::NotSent));
        }
        self.call(call, workflow, key).await
    }

    /// Makes one call by HTTP. The values of its secrets are put in here and nowhere else, and the answer is kept without them.
    async fn http(&self, request: &HttpCall, limits: (usize, Duration, Option<&str>)) -> Result<Reply, Failure> {
        let (connections, secrets) = (self.known.connections.load_full(), self.known.secrets.load_full());
        let (request, scrubber) = match &request.marks {
            Some(marks) => {
                secrets::put_in(request, marks, &secrets).map_err(|unusable| Failure::last(unusable.into()))?
            }
            None => (request.clone(), Scrubber::default()),
        };
        let reply = login::call((&self.http, &self.tokens), (&connections, &secrets), request, limits).await?;
        Ok(Reply { scrubber: scrubber.and(reply.scrubber), ..reply })
    }

    /// Hands over one mail: to the mail server of its connection, or to that of the operator.
    async fn mail(&self, mail: &Mail, timeout: Duration) -> Result<Reply, Failure> {
        match &mail.connection {
            None => match &self.mail {
                Some(server) => server.send(mail, timeout).await,
                None => Err(Failure::last(Message::MailNoServer)),
            },
            Some(name) => {
                let began = Instant::now();
                let server = self.mail_server(name, timeout).await?;
                server.send(mail, timeout.saturating_sub(began.elapsed())).await
            }
        }
    }

    /// The sender that a connection names for its mails.
    pub fn sender_of(&self, name: &ConnectionName) -> Option<Mailbox> {
        self.known.connections.load().smtp(name)?.from.as_ref()?.parse().ok()
    }

    /// The mail server of a connection.
    async fn mail_server(&self, name: &ConnectionName, timeout: Duration) -> Result<MailServer, Failure> {
        let (connections, secrets) = (self.known.connections.load_full(), self.known.secrets.load_full());
        let missing = || Failure::last(ConnectionFault::NoConnection { connection: name.clone() }.into());
        let smtp = connections.smtp(name).ok_or_else(missing)?;
        let password = smtp.login.as_ref().map(|login| secrets.get(&login.password)).transpose();
        let password = password.map_err(|unusable| Failure::last(unusable.into()))?;
        let ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let late = || Failure::down(Message::MailSilent { ms }, FailureKind::NotSent);
        let found = tokio::time::timeout(timeout, self.http.guard().find(&smtp.host, smtp.port));
        let addresses = found.await.map_err(|_| late())?.map_err(|reason| match reason {
            Message::TargetNotResolved => Failure::down(reason, FailureKind::NotSent),
            reason => Failure::last(reason),
        })?;
        Ok(MailServer::of(smtp, password.map(Value::text), addresses))
    }

    /// Works on records of another system.
    async fn connected(&self, request: &ConnectedCall, call: &Call) -> Result<Report, Failure> {
        let (connections, secrets) = (self.known.connections.load_full(), self.known.secrets.load_full());
        let missing = || {
            let fault = ConnectionFault::NoConnection { connection: request.connection.clone() };
            Failure::not_made(fault.into(), FailureKind::NotSent)
        };
        let vtiger = connections.vtiger(&request.connection).ok_or_else(missing)?;
        let access = Access::new(vtiger, &secrets)
            .map_err(|unusable| Failure::not_made(unusable.into(), FailureKind::NotSent))?;
        let done = self.vtigers.perform(access, request, call.unclear_for, call.timeout).await;
        let done = done.map_err(|failure| Failure { unclear_for: call.unclear_for, ..failure })?;
        Ok(Report::Done(Box::new(done)))
    }

    /// Why a request would not be sent, as far as that is known without sending it.
    pub fn refusal(&self, request: &Rendered) -> Option<Failure> {
        match request {
            Rendered::Http(call) => {
                let marks = call.marks.as_ref();
                let unusable =
                    marks.and_then(|marks| secrets::put_in(call, marks, &self.known.secrets.load_full()).err());
                unusable.map(|unusable| Failure::last(unusable.into())).or_else(|| self.http.refusal(call))
            }
            Rendered::Mail(mail) if mail.connection.is_none() && self.mail.is_none() => {
                Some(Failure::last(Message::MailNoServer))
            }
            Rendered::Mail(mail) => mail::refusal(mail),
            Rendered::Connected(_) => Some(Failure::last(Message::DryRunElsewhere)),
        }
    }

    /// Makes one call for a workflow. `key` is the same whenever this step of this run is tried.
    pub async fn call(&self, call: &Call, workflow: i64, key: &str) -> Report {
        let pair = Pair { workflow, target: target(&call.request) };
        let began = Instant::now();
        let report = match &*call.request {
            Rendered::Http(request) => {
                let limits = (call.max_bytes, call.timeout, Some(key));
                self.http(request, limits).await.map(Report::Answered)
            }
            Rendered::Connected(request) => self.connected(request, call).await,
            Rendered::Mail(mail) => self.mail(mail, call.timeout).await.map(Report::Answered),
        };
        if let Ok(Report::Answered(Reply { status: 429 | 503, headers, .. })) = &report
            && let Some(wait) = retry_after::of(headers, SystemTime::now())
        {
            self.breakers.hold(&pair.target, Instant::now() + wait);
        }
        let came = report.as_ref().map_or_else(|failure| failure.came, |_| CallOutcome::Answer);
        self.breakers.note(&pair, came, Instant::now());
        self.quick_targets.note(&pair, began.elapsed(), came == CallOutcome::Answer);
        report.unwrap_or_else(Report::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// A target that answers one connection with this, whatever it gets; its port.
    fn target_with(answer: String) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            if answer.starts_with("HTTP") {
                let _ = stream.read(&mut [0; 4_096]).unwrap();
            }
            stream.write_all(answer.as_bytes()).unwrap();
            // Until the caller hangs up.
            let _ = stream.read(&mut [0; 4_096]);
        });
        port
    }

    /// Calls for workflow 1 by a target that was silent; whether it has failed, and whether it rests no more.
    async fn mends(answer: &str) -> (bool, bool) {
        let port = target_with(answer.to_owned());
        let is_http = !answer.starts_with(|first: char| first.is_ascii_digit());
        let request = if is_http {
            let url = format!("http://127.0.0.1:{port}/");
            Rendered::Http(HttpCall {
                method: "POST".into(),
                url,
                connection: None,
                headers: Vec::new(),
                body: Some("a".into()),
                marks: None,
            })
        } else {
            let to = vec!["b@example.org".to_owned()];
            Rendered::Mail(Mail { connection: None, from: Some("a@example.org".into()), to, message: String::new() })
        };
        let server = MailServer::new(&format!("smtp://127.0.0.1:{port}?tls=never")).unwrap();
        let resting = IntGauge::new("a", "b").unwrap();
        let outside =
            Outside::new(vec!["127.0.0.0/8".parse().unwrap()], Some(server), Known::default(), resting.clone())
                .unwrap();
        let pair = Pair { workflow: 1, target: target(&request) };
        let long_ago = Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        (0..5).for_each(|_| outside.breakers.note(&pair, CallOutcome::Silence, long_ago));
        assert_eq!(resting.get(), 1);
        let timeout = Duration::from_secs(20);
        let call =
            Call { request: Arc::new(request), timeout, at_most_once: false, max_bytes: 1_000, unclear_for: None };
        let report = outside.call(&call, 1, "key").await;
        (matches!(report, Report::Failed(_)), resting.get() == 0)
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_used_is_an_answer() {
        let large = format!("HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n{}", "a".repeat(2_000));
        let heads = format!("HTTP/1.1 200 OK\r\na: {}\r\ncontent-length: 0\r\n\r\n", "a".repeat(2_000));
        let to = |url: &str| format!("HTTP/1.1 303 A\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n");
        for (answer, expected) in [
            ("HTTP/1.1 503 A\r\ncontent-length: 0\r\n\r\n", (false, true)),
            (&large, (true, true)),
            (&heads, (true, true)),
            (&to("file:///etc/passwd"), (true, true)),
            (&to("http://127.0.0.1:1/"), (true, true)),
            (&to("http://192.168.0.1/"), (true, true)),
            ("421 later\r\n", (true, true)),
            ("554 never\r\n", (true, true)),
            // It has hung up without a word.
            ("", (true, false)),
        ] {
            assert_eq!(mends(answer).await, expected, "{answer}");
        }
    }
}
