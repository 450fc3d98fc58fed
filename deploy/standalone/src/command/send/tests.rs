//! `send` against a real listener on loopback.

use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::output::Format;

fn options(url: &str, csv: Option<&Path>, variables: &[(&str, &str)]) -> Options {
    Options {
        url: url.parse().unwrap(),
        workflow: None,
        trigger: Some("web_lead".parse().unwrap()),
        record: Some("852".parse().unwrap()),
        csv: csv.map(Path::to_owned),
        form: Form::default(),
        json: None,
        wait: false,
        timeout: 60,
        rate: None,
        concurrency: 1,
        variables: variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
    }
}

/// Answers each connection's one request with the next status, and returns the requests.
async fn answer(listener: TcpListener, statuses: &[&str]) -> Vec<String> {
    let mut requests = Vec::new();
    for status in statuses {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = String::new();
        loop {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).await.unwrap();
            request += str::from_utf8(&buffer[..count]).unwrap();
            let (head, body) = request.split_once("\r\n\r\n").unwrap_or((&request, ""));
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if length.is_some_and(|length| length == body.len().to_string()) {
                break;
            }
        }
        let reply = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
        stream.write_all(reply.as_bytes()).await.unwrap();
        requests.push(request);
    }
    requests
}

async fn send(statuses: &[&str], csv: Option<&str>) -> (Result<(), Failure>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/trigger?utm=x", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leads.csv");
    std::fs::write(&file, csv.unwrap_or_default()).unwrap();
    let options = options(&url, csv.map(|_| file.as_path()), &[("source", "a=b & c")]);
    let mut output = Output::new(Format::Json);
    tokio::join!(run(options, &mut output), answer(listener, statuses))
}

#[tokio::test]
async fn variables_are_posted_as_a_form_and_selectors_as_the_query() {
    let (end, requests) = send(&["202 Accepted"], None).await;
    assert!(end.is_ok());
    assert!(requests[0].starts_with("POST /trigger?utm=x&workflow_trigger=web_lead&record_id=852 HTTP/1.1\r\n"));
    assert!(requests[0].ends_with("\r\n\r\nsource=a%3Db+%26+c"), "{}", requests[0]);
}

#[tokio::test]
async fn every_row_is_one_submission_and_one_refusal_fails_the_command() {
    let csv = "\u{FEFF}lastname,note\nLovelace,\"two\nlines\"\nHopper,\n";
    let (end, requests) = send(&["202 Accepted", "403 Forbidden"], Some(csv)).await;
    assert!(matches!(end, Err(Failure::Reported)));
    assert!(requests[0].ends_with("lastname=Lovelace&note=two%0Alines&source=a%3Db+%26+c"), "{}", requests[0]);
    assert!(requests[1].ends_with("lastname=Hopper&note=&source=a%3Db+%26+c"), "{}", requests[1]);
}

#[tokio::test]
async fn a_row_that_does_not_fit_its_names_ends_the_sending() {
    let (end, requests) = send(&["202 Accepted"], Some("a,b\n1,2\n1\n")).await;
    assert!(matches!(end, Err(Failure::Failed(_))), "{end:?}");
    assert_eq!(requests.len(), 1);
}

#[tokio::test]
async fn no_answer_is_a_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/trigger", listener.local_addr().unwrap());
    drop(listener);
    let end = run(options(&url, None, &[]), &mut Output::new(Format::Json)).await;
    assert!(matches!(end, Err(Failure::Reported)));
}

#[test]
fn a_rate_is_a_number_per_second() {
    for (text, expected) in [("50/s", Some(50)), ("50", Some(50)), ("0/s", None), ("50/m", None), ("1000000/s", None)] {
        assert_eq!(rate(text).ok(), expected, "{text}");
    }
}
