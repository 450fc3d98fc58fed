//! How much all bodies together may take: each has its limit, but nobody limits how many come at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Buf;

/// Bytes of all bodies that are being read or handed over. Read and written as JSON, each takes some times as much.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The bytes of all bodies.
#[derive(Debug, Default)]
pub struct Load(AtomicUsize);

/// What one body takes of it, given back when this is dropped.
#[derive(Debug)]
pub struct Share<'l> {
    load: &'l Load,
    bytes: usize,
    is_refused: bool,
}

/// There is no room for more of the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Load {
    /// The share of a body of which nothing has come yet.
    pub fn share(&self) -> Share<'_> {
        Share { load: self, bytes: 0, is_refused: false }
    }
}

impl Share<'_> {
    /// Counts a chunk.
    pub fn take<B: Buf>(&mut self, chunk: B) -> Result<B, Full> {
        let bytes = chunk.remaining();
        self.bytes += bytes;
        if self.load.0.fetch_add(bytes, Ordering::Relaxed) + bytes > MAX_BYTES {
            self.is_refused = true;
            return Err(Full);
        }
        Ok(chunk)
    }

    /// Whether a chunk found no room.
    pub fn is_refused(&self) -> bool {
        self.is_refused
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.load.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let load = Load::default();
        let half = vec![0; MAX_BYTES / 2];
        let (mut one, mut other, mut third) = (load.share(), load.share(), load.share());
        assert!(one.take(&half[..]).is_ok() && other.take(&half[..]).is_ok());
        assert_eq!(third.take(&[0][..]), Err(Full));
        assert!(third.is_refused() && !one.is_refused());
        drop((one, third));
        assert!(load.share().take(&half[..]).is_ok());
        assert!(other.take(&half[..]).is_ok());
        assert_eq!(other.take(&[0][..]), Err(Full));
    }
}
