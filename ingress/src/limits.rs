//! All that an outsider can make the ingress hold, as one table: of what, how many in total, of one address and of one
//! permission, how many bytes each at most, and what all of it takes together. What is not listed here is not held for
//! an outsider, or is of a constant size. `deploy/README.md` shows the table.

use std::time::Duration;

use postern_http::connections::Caps;
use postern_http::held::{self, CONNECTION, KIB, MIB, Row};
use postern_http::rate::Rate;
use postern_shared::broker::publisher::MAX_WAITING_BYTES;
use postern_shared::lane::Lane;

use crate::http::body_budget::{MAX_BYTES, MAX_UNREAD_BYTES, RESERVED_BYTES};
use crate::options::LimitOptions;
use crate::receipts::answers;
use crate::refusals;
use crate::respond_wait::MAX_WAITING;

/// Connections of the public listener. With more than this of live callers another ingress is needed anyway.
pub const CONNECTIONS: usize = 3_072;

/// Connections of one address: what a busy server of forms, or an office behind one address, has at its peak.
pub const CONNECTIONS_PER_ADDRESS: usize = 1_024;

/// Connections of the private listener: health and metrics.
const PRIVATE_CONNECTIONS: Caps = Caps { total: 256, per_address: 192 };

/// Descriptors for everything else: the database, the broker, the log, and a worker of the same process.
const RESERVED_DESCRIPTORS: usize = 256;

/// Requests of one address that are refused without delay: more than a caller with a mistake sends, however often it
/// repeats it, and next to no work for an ingress.
pub const REFUSED: Rate = Rate { burst: 200, each: Duration::from_millis(20) };

/// Refused requests of all addresses together without delay, for strangers that have many addresses.
pub const REFUSED_OF_ALL: Rate = Rate { burst: 1_000, each: Duration::from_millis(1) };

/// How long the answer to a refused request beyond these rates is held back at most; then its connection ends. All
/// connections that there may be then bring so few refused requests that the accepted ones do not notice; callers wait
/// longer than that for an answer.
pub const HELD_BACK: Duration = Duration::from_secs(2);

/// The connections of both listeners.
#[derive(Debug, Clone, Copy)]
pub struct Listeners {
    /// For callers.
    pub public: Caps,
    /// For operators.
    pub private: Caps,
}

impl Listeners {
    /// What is wanted, or less where the process may not have that many descriptors. The private listener takes its own
    /// first: whoever looks why nothing goes on any more must get in.
    pub(crate) fn within(descriptors: usize, options: &LimitOptions) -> Self {
        let private = PRIVATE_CONNECTIONS.total.min(descriptors / 8).max(8);
        let left = descriptors.saturating_sub(private + RESERVED_DESCRIPTORS.min(descriptors / 4)).max(8);
        let total = options.max_connections.clamp(1, left);
        if total < options.max_connections {
            tracing::warn!(descriptors, connections = total, "the limit of open files allows fewer connections");
        }
        Self {
            public: Caps { total, per_address: options.max_connections_per_address.max(1) },
            private: Caps { total: private, per_address: PRIVATE_CONNECTIONS.per_address.min(private) },
        }
    }
}

/// What can be held, with the settings as they are by default. A row is a line: what bounds it stands in the file of its
/// constant.
fn rows() -> [Row; 11] {
    let Caps { total, per_address } = PRIVATE_CONNECTIONS;
    [
        Row::new("connections of the public listener, each with a header", CONNECTIONS, CONNECTION)
            .of_address(CONNECTIONS_PER_ADDRESS),
        Row::new("connections of the private listener, each with a header", total, CONNECTION).of_address(per_address),
        Row::new("bytes of requests being read or handed over, large and small", MAX_BYTES - RESERVED_BYTES, 1)
            .of_address((MAX_BYTES - RESERVED_BYTES) / 3)
            .of_permission((MAX_BYTES - RESERVED_BYTES) / 2),
        Row::new("bytes of the same, reserved for requests of up to 64 KiB", RESERVED_BYTES, 1)
            .of_address(RESERVED_BYTES / 3)
            .of_permission(RESERVED_BYTES / 2),
        Row::new("lanes in which submissions wait for the broker", Lane::SUBMISSIONS.len(), MAX_WAITING_BYTES),
        Row::new("callers that wait for a response", MAX_WAITING, KIB).of_address(MAX_WAITING / 2),
        Row::new("bytes of answers of more than 4 KiB that are not read yet", MAX_UNREAD_BYTES, 1)
            .of_address(MAX_UNREAD_BYTES / 3),
        Row::new("callers that wait for a receipt", answers::MAX_WAITING, KIB),
        Row::new("receipts being read", answers::CONNECTIONS, MIB),
        Row::new("bytes of receipts that were read lately", answers::MAX_KEPT_BYTES, 1),
        Row::new("bytes of refused bodies that wait to be written", refusals::MAX_WAITING_BYTES, 1)
            .of_permission(refusals::MAX_WAITING_BYTES / 2),
    ]
}

/// The table of `deploy/README.md`.
pub fn table() -> String {
    held::table(&rows())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use clap::Parser;

    /// Of the 512 MiB of the container in deploy/kubernetes, without the process itself and what the allocator wastes.
    const MOST: usize = 320 * MIB;

    #[test]
    fn all_together_leave_room_in_the_smallest_container() {
        let sum = held::sum(&rows());
        assert!(sum <= MOST, "{sum}");
    }

    #[test]
    fn few_descriptors_allow_fewer_connections_but_some_private_ones() {
        let options = Options::try_parse_from(["", "--database-url=postgres://a@b/c", "--amqp-url=amqp://a"])
            .unwrap()
            .service
            .limits;
        for (descriptors, public, private) in
            [(65_536, CONNECTIONS, 256), (1_024, 640, 128), (256, 160, 32), (2_048, 1_536, 256), (0, 8, 8)]
        {
            let listeners = Listeners::within(descriptors, &options);
            assert_eq!((listeners.public.total, listeners.private.total), (public, private), "{descriptors}");
        }
    }
}
