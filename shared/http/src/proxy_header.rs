//! The PROXY protocol, version 2: a proxy that carries bytes announces its caller before the first of them. See 2.2 of
//! <https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>. Only listed peers are read like this: the header of
//! anybody else is no HTTP, and is refused as such.

use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// What each header begins with.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// The signature, the command, the family and the length of the rest.
const FIXED_BYTES: usize = 16;

/// The longest rest: addresses take 36 bytes, and what may stand behind them is not read.
const MAX_REST_BYTES: usize = 2_048;

/// Who has opened the connection to the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// This caller, by its canonical address.
    Caller(SocketAddr),
    /// The proxy itself, such as for a health check.
    Proxy,
}

/// Why nobody is announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHeader {
    /// Another protocol, or version 1.
    #[error("it does not begin with a header of the PROXY protocol, version 2")]
    Signature,
    /// Neither LOCAL nor PROXY.
    #[error("its command is not known")]
    Command,
    /// Not TCP over IPv4 or IPv6.
    #[error("it announces no address of TCP")]
    Family,
    /// Shorter than its addresses, or longer than any that is meant.
    #[error("its length is impossible")]
    Length,
}

/// Reads a header, and not a byte of what follows.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Announced> {
    let mut fixed = [0; FIXED_BYTES];
    stream.read_exact(&mut fixed).await?;
    let mut rest = vec![0; rest_bytes(&fixed)?];
    stream.read_exact(&mut rest).await?;
    Ok(announced(&fixed, &rest)?)
}

impl From<InvalidHeader> for io::Error {
    fn from(error: InvalidHeader) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// How many bytes follow the fixed ones.
fn rest_bytes(fixed: &[u8; FIXED_BYTES]) -> Result<usize, InvalidHeader> {
    if fixed[..12] != SIGNATURE || fixed[12] >> 4 != 2 {
        return Err(InvalidHeader::Signature);
    }
    let bytes = usize::from(u16::from_be_bytes([fixed[14], fixed[15]]));
    if bytes > MAX_REST_BYTES { Err(InvalidHeader::Length) } else { Ok(bytes) }
}

fn announced(fixed: &[u8; FIXED_BYTES], rest: &[u8]) -> Result<Announced, InvalidHeader> {
    match fixed[12] & 0x0f {
        0 => return Ok(Announced::Proxy),
        1 => {}
        _ => return Err(InvalidHeader::Command),
    }
    // The address of the caller, that of the proxy, and the port of each.
    let (ip, ports) = match fixed[13] {
        0x11 => (IpAddr::from(first::<4>(rest)?), 8),
        0x21 => (IpAddr::from(Ipv6Addr::from(first::<16>(rest)?)).to_canonical(), 32),
        _ => return Err(InvalidHeader::Family),
    };
    let port = first::<4>(rest.get(ports..).unwrap_or_default())?;
    Ok(Announced::Caller(SocketAddr::new(ip, u16::from_be_bytes([port[0], port[1]]))))
}

fn first<const N: usize>(bytes: &[u8]) -> Result<[u8; N], InvalidHeader> {
    bytes.first_chunk().copied().ok_or(InvalidHeader::Length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(version_and_command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[version_and_command, family], &length, rest].concat()
    }

    async fn read_all(bytes: &[u8]) -> Result<(Announced, usize), io::ErrorKind> {
        let mut left = bytes;
        let announced = read(&mut left).await.map_err(|error| error.kind())?;
        Ok((announced, left.len()))
    }

    const V4: [u8; 12] = [203, 0, 113, 7, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];

    fn v6(caller: &str) -> Vec<u8> {
        let caller: Ipv6Addr = caller.parse().unwrap();
        [&caller.octets()[..], &[0; 16], &[0, 9, 0, 80]].concat()
    }

    #[tokio::test]
    async fn a_header_announces_its_caller_and_leaves_what_follows() {
        let caller = |text: &str| Ok(Announced::Caller(text.parse().unwrap()));
        let with_more = [&V4[..], b"\x03\x00\x04\x01\x02\x03\x04"].concat();
        for (bytes, expected) in [
            (header(0x21, 0x11, &V4), caller("203.0.113.7:8080")),
            (header(0x21, 0x11, &with_more), caller("203.0.113.7:8080")),
            (header(0x21, 0x21, &v6("2001:db8::7")), caller("[2001:db8::7]:9")),
            (header(0x21, 0x21, &v6("::ffff:192.0.2.1")), caller("192.0.2.1:9")),
            (header(0x20, 0x00, &[]), Ok(Announced::Proxy)),
            (header(0x20, 0x11, &V4), Ok(Announced::Proxy)),
            (header(0x22, 0x11, &V4), Err(io::ErrorKind::InvalidData)),
            (header(0x11, 0x11, &V4), Err(io::ErrorKind::InvalidData)),
            (header(0x21, 0x00, &[]), Err(io::ErrorKind::InvalidData)),
            (header(0x21, 0x12, &V4), Err(io::ErrorKind::InvalidData)),
            (header(0x21, 0x31, &[0; 216]), Err(io::ErrorKind::InvalidData)),
            (header(0x21, 0x11, &V4[..11]), Err(io::ErrorKind::InvalidData)),
            (header(0x21, 0x21, &V4), Err(io::ErrorKind::InvalidData)),
            (header(0x21, 0x11, &[0; 3_000]), Err(io::ErrorKind::InvalidData)),
            (b"POST /trigger HTTP/1.1\r\n\r\n".to_vec(), Err(io::ErrorKind::InvalidData)),
            (b"PROXY TCP4 203.0.113.7 10.0.0.1 1 2\r\n".to_vec(), Err(io::ErrorKind::InvalidData)),
            (SIGNATURE.to_vec(), Err(io::ErrorKind::UnexpectedEof)),
        ] {
            let follows = if expected.is_ok() { &b"POST"[..] } else { b"" };
            let found = read_all(&[&bytes, follows].concat()).await;
            assert_eq!(found, expected.map(|announced| (announced, follows.len())), "{bytes:?}");
        }
    }

    proptest! {
        /// Whatever is read is the address that stands in the bytes, and nothing makes it panic.
        #[test]
        fn made_up_headers_announce_what_they_hold(command in 0x1fu8..0x24, family: u8, rest: Vec<u8>) {
            let fixed: [u8; FIXED_BYTES] = header(command, family, &rest)[..FIXED_BYTES].try_into().unwrap();
            let found = rest_bytes(&fixed).and_then(|_| announced(&fixed, &rest));
            if let Ok(Announced::Caller(caller)) = found {
                prop_assert_eq!(command, 0x21);
                match caller.ip() {
                    IpAddr::V4(ip) if family == 0x11 => prop_assert_eq!(&ip.octets()[..], &rest[..4]),
                    IpAddr::V4(ip) => prop_assert_eq!(&ip.octets()[..], &rest[12..16]),
                    IpAddr::V6(ip) => prop_assert_eq!(&ip.octets()[..], &rest[..16]),
                }
            }
        }
    }
}
