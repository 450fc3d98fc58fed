//! What became of a submission that was accepted, as its caller may read it: by the public listener, without a token.

use std::time::Duration;

use postern_shared::id::ReceiptId;
use postern_shared::receipt::Report;
use reqwest::{Client, Url};
use tokio::time::{Instant, sleep};

use super::super::receipt::is_open;

/// Between two looks: a caller may read 50 receipts a second.
const POLL: Duration = Duration::from_millis(250);

/// Reads the receipt until all its runs have ended or the time is over. A look that gets no answer is repeated.
pub async fn of(client: &Client, posted_to: &Url, receipt: ReceiptId, most: Duration) -> Report {
    let mut latest = Report::of_status(receipt, "queued");
    let Ok(url) = posted_to.join(&format!("/receipts/{receipt}")) else { return latest };
    let end = Instant::now() + most;
    while is_open(&latest) && Instant::now() < end {
        sleep(POLL).await;
        if let Some(read) = read(client, url.clone()).await {
            latest = read;
        }
    }
    latest
}

async fn read(client: &Client, url: Url) -> Option<Report> {
    let answer = client.get(url).send().await.ok()?;
    if answer.status().is_success() { answer.json().await.ok() } else { None }
}
