//! Strangers who guess passwords: they cost little memory, learn nothing, and lock nobody out.

use std::fs;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::harness::{DEMO, Postern, SOON};
use crate::panel::visitor::{PASSWORD, Visitor, form};

/// One ingress with an account and these settings, and the form of its log-in.
async fn panel(settings: &[(&str, &str)]) -> (Postern, Form) {
    let environment: Vec<_> = settings.iter().copied().chain([("POSTERN_ADMIN_PASSWORD", PASSWORD)]).collect();
    let postern = Postern::with_ingress(DEMO, &environment).await;
    let mut visitor = Visitor::at(postern.control());
    visitor.get("/login").await;
    let (name, value) = visitor.cookies[0].clone();
    let form = Form { panel: postern.control(), cookie: format!("{name}={value}"), csrf: visitor.csrf };
    (postern, form)
}

/// The form of the log-in, which anyone may send from anywhere.
struct Form {
    panel: SocketAddr,
    cookie: String,
    csrf: String,
}

impl Form {
    async fn log_in(&self, from: &str, name: &str, password: &str) -> Answer {
        self.forwarded(from, "", name, password).await
    }

    /// The same with more headers.
    async fn forwarded(&self, from: &str, headers: &str, name: &str, password: &str) -> Answer {
        let mut stream = self.send(from, headers, name, password).await;
        let mut text = String::new();
        // A connection above the limit of its address is closed without an answer.
        let _ = timeout(SOON, stream.read_to_string(&mut text)).await.unwrap();
        Answer { status: text.get(9..12).map_or(0, |status| status.parse().unwrap()), text }
    }

    async fn send(&self, from: &str, headers: &str, name: &str, password: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(from.parse().unwrap(), 0)).unwrap();
        let mut stream = socket.connect(self.panel).await.unwrap();
        let body = form(&[("csrf", &self.csrf), ("name", name), ("password", password)]);
        let (cookie, length) = (&self.cookie, body.len());
        let head = format!(
            "POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\ncontent-length: {length}\r\n{headers}\
             content-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\n"
        );
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        stream
    }
}

struct Answer {
    /// 0 = there was none.
    status: u16,
    text: String,
}

impl Answer {
    /// Whether the password was looked at, and was another.
    fn is_wrong(&self) -> bool {
        self.text.contains("do not belong together")
    }

    /// Seconds after which the log-in may be tried again.
    fn wait(&self) -> u64 {
        let header = self.text.lines().find_map(|line| line.strip_prefix("retry-after: "));
        header.unwrap_or_else(|| panic!("{}", self.text)).parse().unwrap()
    }
}

/// The most memory that control has held, in KiB.
fn peak(postern: &Postern) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", postern.control.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_wrong_log_ins_cost_no_more_than_two_buffers() {
    let (postern, form) = panel(&[]).await;
    let before = peak(&postern);
    for round in 0..50 {
        let log_in = async |n: usize| {
            let name = format!("nobody{round}x{n}");
            if n.is_multiple_of(2) {
                return form.log_in("127.0.0.2", &name, "wrong wrong wrong").await.status;
            }
            // The caller is gone before it is answered.
            let stream = form.send("127.0.0.2", "", &name, "wrong wrong wrong").await;
            let _ = timeout(Duration::from_millis(50), stream.readable()).await;
            429
        };
        let statuses = join_all((0..200).map(log_in)).await;
        assert!(statuses.iter().all(|status| [0, 200, 429].contains(status)), "{statuses:?}");
    }
    let grown = peak(&postern).saturating_sub(before) / 1024;
    assert!(grown < 64, "it grew by {grown} MB");
    assert_eq!(form.log_in("127.0.0.3", "admin", PASSWORD).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_guesses_at_once_a_handful_is_looked_at() {
    let (_postern, form) = panel(&[]).await;
    let guess = |n: usize| {
        let form = &form;
        async move { form.log_in("127.0.0.2", "admin", &format!("wrong wrong {n}")).await }
    };
    let (guesses, owner) = tokio::join!(join_all((0..200).map(guess)), form.log_in("127.0.0.1", "admin", PASSWORD));
    assert_eq!(owner.status, 303, "{}", owner.text);
    let (wrong, refused): (Vec<_>, Vec<_>) = guesses.iter().partition(|answer| answer.is_wrong());
    assert!((1..=6).contains(&wrong.len()), "{} were looked at", wrong.len());
    let refused: Vec<_> = refused.into_iter().filter(|answer| answer.status != 0).collect();
    assert!(refused.len() > 100, "{} were answered", refused.len());
    assert!(refused.iter().all(|answer| answer.status == 429 && (1..=900).contains(&answer.wait())));
    // Those that found no place were not counted: the rest of the free ones comes in turn.
    for _ in wrong.len()..5 {
        assert!(form.log_in("127.0.0.2", "admin", "wrong wrong wrong").await.is_wrong());
    }
    // Even the right one from there has to wait, as long as the page says; the owner never has.
    let right = form.log_in("127.0.0.2", "admin", PASSWORD).await;
    assert_eq!(right.status, 429, "{}", right.text);
    assert!(right.text.contains(&format!("Try again in {} second", right.wait())), "{}", right.text);
    assert_eq!(form.log_in("127.0.0.1", "admin", PASSWORD).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_addresses_that_guess_one_name_are_slowed_and_its_owner_is_not() {
    let (_postern, form) = panel(&[]).await;
    assert_eq!(form.log_in("127.0.0.1", "admin", PASSWORD).await.status, 303);
    let mut looked_at = 0;
    for at in 0..25 {
        let guess = async |n: usize| {
            let address = format!("127.1.{at}.{}", 1 + n / 4);
            form.log_in(&address, "admin", &format!("wrong wrong {n}")).await.is_wrong()
        };
        looked_at += join_all((0..24).map(guess)).await.into_iter().filter(|wrong| *wrong).count();
    }
    assert!((50..=200).contains(&looked_at), "{looked_at} of 600 were looked at");
    // One more guess is looked at every ten seconds.
    let stranger = async |n: u8| form.log_in(&format!("127.9.9.{n}"), "admin", PASSWORD).await.status;
    let refused = join_all((1..=3).map(stranger)).await.into_iter().filter(|status| *status == 429).count();
    assert!(refused >= 2, "{refused} of 3 strangers had to wait");
    assert_eq!(form.log_in("127.0.0.1", "admin", PASSWORD).await.status, 303);
    // Another name is another matter.
    assert!(form.log_in("127.9.9.9", "olga", "wrong wrong wrong").await.is_wrong());
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_a_stranger_does_not_delay_an_owner() {
    let (_postern, form) = panel(&[("POSTERN_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let log_in = async |of: &str, password: &str| {
        form.forwarded("127.0.0.1", &format!("x-forwarded-for: {of}\r\n"), "admin", password).await
    };
    for host in 1..=5 {
        assert!(log_in(&format!("2001:db8::{host}"), "wrong wrong wrong").await.is_wrong());
    }
    // An IPv6 caller has a whole network: all of it is one caller.
    assert_eq!(log_in("2001:db8::6", PASSWORD).await.status, 429);
    for owner in ["2001:db8:0:1::1", "203.0.113.7"] {
        assert_eq!(log_in(owner, PASSWORD).await.status, 303, "{owner}");
    }
}
