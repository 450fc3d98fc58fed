//! What is known of a connection while requests come by it: whether one is being answered, and whether the peer reads. A
//! connection begins one request each time that its task gets to run, however many its peer has sent ahead: they wait
//! for each other, and not the requests of other connections for all of them.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::task::AtomicWaker;
use warp::hyper::body::{Body, Frame, SizeHint};

use super::connections::Place;

/// One connection.
#[derive(Debug)]
pub struct Attendance {
    place: Place,
    is_stalled: AtomicBool,
    waits: AtomicWaker,
    /// Whether a request has begun since the task of the connection got to run.
    has_begun: AtomicBool,
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub struct Answering(Arc<Attendance>);

/// The body of a request: while the peer lets wait for it, the connection is idle.
#[derive(Debug)]
pub struct Arriving<B> {
    body: B,
    attendance: Arc<Attendance>,
    waits: bool,
}

/// The body of an answer: with its end the request ends.
#[derive(Debug)]
pub struct Attended<B> {
    body: B,
    _answering: Answering,
}

impl Attendance {
    pub fn new(place: Place) -> Self {
        let (is_stalled, has_begun) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { place, is_stalled, waits: AtomicWaker::new(), has_begun }
    }

    /// The same future, of which each poll is a turn of this connection: a request may begin in it.
    pub async fn in_turns<F: Future>(&self, connection: F) -> F::Output {
        let mut connection = pin!(connection);
        poll_fn(|context| {
            self.has_begun.store(false, Ordering::Relaxed);
            connection.as_mut().poll(context)
        })
        .await
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

    /// The peer did not shake hands by TLS in time.
    pub fn is_unsecured(&self) {
        self.place.is_unsecured();
    }

    /// Ends when the connection is to be closed.
    pub async fn is_to_close(&self) {
        self.place.is_to_close().await;
    }

    /// Waits until the peer has read the answer before, and for the next turn if a request has begun in this one; none =
    /// the connection is being closed.
    pub async fn request(self: Arc<Self>) -> Option<Answering> {
        // All of this happens in the task of the connection: nothing can change between the two lines.
        poll_fn(|context| {
            self.waits.register(context.waker());
            if self.is_stalled.load(Ordering::Relaxed) {
                return Poll::Pending;
            }
            if self.has_begun.swap(true, Ordering::Relaxed) {
                // Behind all tasks that can run now.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        self.place.begin().then(|| Answering(self))
    }
}

impl Answering {
    /// Holds the answer back for this time. The connection is idle meanwhile; false = it was chosen to be closed.
    pub async fn hold_back(&self, time: Duration) -> bool {
        self.0.place.end();
        tokio::time::sleep(time).await;
        self.0.place.begin()
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.place.end();
    }
}

impl<B> Arriving<B> {
    pub fn new(body: B, attendance: Arc<Attendance>) -> Self {
        Self { body, attendance, waits: false }
    }

    fn wait(&mut self, waits: bool) {
        if self.waits != waits {
            self.waits = waits;
            self.attendance.place.wait_for_body(waits);
        }
    }
}

impl<B: Body + Unpin> Body for Arriving<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.wait(frame.is_pending());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B> Drop for Arriving<B> {
    fn drop(&mut self) {
        if self.waits {
            self.attendance.place.wait_for_body(false);
        }
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use bytes::Bytes;
    use futures_util::FutureExt;
    use prometheus::Registry;

    use super::*;
    use crate::connections::{Caps, Connections};
    use crate::metrics::ConnectionMetrics;

    /// A body of which nothing comes.
    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
            Poll::Pending
        }
    }

    fn connection() -> (Arc<Connections>, Arc<Attendance>) {
        let (caps, metrics) = (Caps { total: 1, per_address: 1 }, ConnectionMetrics::new(&Registry::new()).unwrap());
        let connections = Arc::new(Connections::new(caps, Vec::new(), metrics.listener("public")));
        let place = connections.open([192, 0, 2, 1].into(), false).unwrap();
        (connections, Arc::new(Attendance::new(place)))
    }

    #[tokio::test]
    async fn of_requests_that_are_sent_ahead_one_begins_each_turn() {
        let (_connections, attendance) = connection();
        let mut turns = 0;
        let mut requests = pin!(async {
            for _ in 0..3 {
                drop(Arc::clone(&attendance).request().await.unwrap());
            }
        });
        while attendance.in_turns(poll_fn(|context| Poll::Ready(requests.as_mut().poll(context)))).await.is_pending() {
            turns += 1;
        }
        assert_eq!(turns, 2);
    }

    #[tokio::test]
    async fn a_connection_whose_request_has_no_body_yet_can_be_closed() {
        let (connections, attendance) = connection();
        let _answering = Arc::clone(&attendance).request().await.unwrap();
        let mut body = Arriving::new(Silent, Arc::clone(&attendance));
        let other = || connections.open([192, 0, 2, 1].into(), false);
        assert!(other().is_none(), "it is busy");
        assert!(poll_fn(|context| Pin::new(&mut body).poll_frame(context)).now_or_never().is_none());
        let _other = other().unwrap();
        assert!(attendance.is_to_close().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_connection_whose_answer_is_held_back_can_be_closed() {
        let (connections, attendance) = connection();
        let answering = Arc::clone(&attendance).request().await.unwrap();
        let other = || connections.open([192, 0, 2, 1].into(), false);
        assert!(other().is_none(), "it is busy");
        let mut held_back = pin!(answering.hold_back(Duration::from_millis(1)));
        assert!(held_back.as_mut().now_or_never().is_none());
        let _other = other().unwrap();
        assert!(!held_back.await && attendance.is_to_close().now_or_never().is_some());
    }
}
