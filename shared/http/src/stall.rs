//! A connection to a peer that may not read. What cannot be written is waited for as long as the peer takes at least a
//! little of it; meanwhile nothing more is read, so that requests which the peer sends ahead make no further answers.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::attended::Attendance;
use super::pace::Pace;

/// How long a peer may take nothing, or next to nothing, of what is to be written: as long as a header may take to come.
pub const WRITE_WINDOW: Duration = Duration::from_secs(15);

/// A stream that ends when its peer does not read.
#[derive(Debug)]
pub struct Stalling {
    stream: TcpStream,
    attendance: Arc<Attendance>,
    /// There as long as something could not be written.
    pace: Option<Pace>,
    reader: Option<Waker>,
    /// How many bytes may be read yet; none = any number.
    may_read: Option<usize>,
}

impl Stalling {
    /// A new connection.
    pub fn new(stream: TcpStream, attendance: Arc<Attendance>) -> Self {
        Self { stream, attendance, pace: None, reader: None, may_read: None }
    }

    /// From now on so many bytes may be read, or any number.
    pub fn bound(&mut self, bytes: Option<usize>) {
        self.may_read = bytes;
    }

    /// Counts what was read. A peer that sends more than it may is refused.
    fn read(&mut self, bytes: usize) -> io::Result<()> {
        if let Some(left) = &mut self.may_read {
            *left = left.checked_sub(bytes).ok_or(io::ErrorKind::InvalidData)?;
        }
        Ok(())
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match (&written, &mut self.pace) {
            (Poll::Ready(Ok(bytes)), Some(pace)) => pace.moved(*bytes),
            (Poll::Pending, pace) => {
                if pace.is_none() {
                    self.attendance.stall(true);
                }
                let pace = pace.get_or_insert_with(|| Pace::new(WRITE_WINDOW));
                if pace.poll_too_slow(context).is_ready() {
                    self.attendance.cut_off();
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
            (Poll::Ready(_), _) => {}
        }
        written
    }
}

impl AsyncRead for Stalling {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.pace.is_some() {
            self.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer)?;
        self.read(buffer.filled().len() - before)?;
        read.map(Ok)
    }
}

impl AsyncWrite for Stalling {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.wrote(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Is called when all was handed to the stream.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.pace.take().is_some() {
            self.attendance.stall(false);
            self.reader.take().into_iter().for_each(Waker::wake);
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
