//! What is known of a connection while requests come by it: whether one is being answered, and whether the peer reads.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use warp::hyper::body::{Body, Frame, SizeHint};

use super::connections::Place;

/// One connection.
#[derive(Debug)]
pub struct Attendance {
    place: Place,
    is_stalled: AtomicBool,
    waits: AtomicWaker,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub struct Answering(Arc<Attendance>);

/// The body of an answer: with its end the request ends.
#[derive(Debug)]
pub struct Attended<B> {
    body: B,
    _answering: Answering,
}

impl Attendance {
    pub fn new(place: Place) -> Self {
        Self { place, is_stalled: AtomicBool::new(false), waits: AtomicWaker::new() }
    }

    /// The peer does not read, or has read all there was.
    pub fn stall(&self, is_stalled: bool) {
        self.place.stall(is_stalled);
        self.is_stalled.store(is_stalled, Ordering::Relaxed);
        if !is_stalled {
            self.waits.wake();
        }
    }

    /// The peer did not read for too long.
    pub fn cut_off(&self) {
        self.place.is_cut_off();
    }

    /// Ends when the connection is to be closed.
    pub async fn is_to_close(&self) {
        self.place.is_to_close().await;
    }

    /// Waits until the peer has read the answer before; none = the connection is being closed.
    pub async fn request(self: Arc<Self>) -> Option<Answering> {
        // All of this happens in the task of the connection: nothing can change between the two lines.
        poll_fn(|context| {
            self.waits.register(context.waker());
            if self.is_stalled.load(Ordering::Relaxed) { Poll::Pending } else { Poll::Ready(()) }
        })
        .await;
        self.place.begin().then(|| Answering(self))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.place.end();
    }
}

impl<B> Attended<B> {
    pub fn new(body: B, answering: Answering) -> Self {
        Self { body, _answering: answering }
    }
}

impl<B: Body + Unpin> Body for Attended<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
