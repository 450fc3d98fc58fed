//! A TCP link with a proxy in its middle, that can be cut, stalled, reset, or made to swallow.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a link does with what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// Nothing passes, and nothing is lost.
    Stall,
    /// Everything is read and forgotten; a connection that has lost something ends afterwards.
    Swallow,
    /// Connections end.
    Cut,
    /// Connections end with a reset, and new ones as well.
    Reset,
}

/// A link that clients reach at `address`.
pub struct Link {
    pub address: SocketAddr,
    mode: watch::Sender<Mode>,
}

impl Link {
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, follow) = watch::channel(Mode::Pass);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, target, follow.clone()));
            }
        });
        Self { address, mode }
    }

    /// To the server of a URL, which leads over the link from now on.
    pub async fn within(url: &mut String, server: SocketAddr) -> Self {
        let link = Self::to(server).await;
        *url = url.replace(&server.to_string(), &link.address.to_string());
        link
    }

    pub fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

async fn carry(near: TcpStream, target: SocketAddr, mut mode: watch::Receiver<Mode>) -> io::Result<()> {
    near.set_nodelay(true)?;
    // A connection that is made while nothing passes reaches the other end afterwards.
    mode.wait_for(|mode| *mode != Mode::Stall).await.map_err(io::Error::other)?;
    let now = *mode.borrow();
    let far = match now {
        Mode::Cut | Mode::Stall => return Ok(()),
        Mode::Reset => return near.set_zero_linger(),
        Mode::Pass | Mode::Swallow => TcpStream::connect(target).await?,
    };
    far.set_nodelay(true)?;
    let (mut near_read, mut near_write) = near.into_split();
    let (mut far_read, mut far_write) = far.into_split();
    let (mut there, mut back) = (mode.clone(), mode.clone());
    let _ = tokio::select! {
        ended = pump(&mut near_read, &mut far_write, &mut there) => ended,
        ended = pump(&mut far_read, &mut near_write, &mut back) => ended,
    };
    if *mode.borrow() == Mode::Reset {
        near_write.as_ref().set_zero_linger()?;
        far_write.as_ref().set_zero_linger()?;
    }
    Ok(())
}

async fn pump(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, mode: &mut watch::Receiver<Mode>) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut swallowed = false;
    loop {
        let now = *mode.borrow_and_update();
        match now {
            Mode::Cut | Mode::Reset => return Ok(()),
            Mode::Stall => mode.changed().await.map_err(io::Error::other)?,
            Mode::Pass if swallowed => return Ok(()),
            Mode::Pass | Mode::Swallow => {
                let length = tokio::select! {
                    changed = mode.changed() => {
                        changed.map_err(io::Error::other)?;
                        continue;
                    }
                    read = from.read(&mut buffer) => read?,
                };
                match (length, now) {
                    (0, _) => return Ok(()),
                    (_, Mode::Swallow) => swallowed = true,
                    _ => to.write_all(&buffer[..length]).await?,
                }
            }
        }
    }
}
