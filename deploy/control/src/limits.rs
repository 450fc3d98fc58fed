//! All that an outsider can make control hold, as one table. `deploy/README.md` shows the table.

use postern_http::connections::Caps;
use postern_http::held::{self, CONNECTION, KIB, MIB, Row};

use crate::panel::live::MAX_LISTENERS;
use crate::panel::password;
use crate::panel::visit::MAX_OPEN_FORM_BYTES;

/// Connections of the panel and the API: some dozen operators.
const CONNECTIONS: Caps = Caps { total: 256, per_address: 192 };

/// Connections of the private listener: health and metrics.
const PRIVATE_CONNECTIONS: Caps = Caps { total: 64, per_address: 48 };

/// The connections of both listeners.
#[derive(Debug, Clone, Copy)]
pub struct Listeners {
    /// For the panel and the API.
    pub control: Caps,
    /// For health and metrics.
    pub private: Caps,
}

impl Listeners {
    /// What is wanted, or less where the process may not have that many descriptors.
    pub fn within(descriptors: usize) -> Self {
        let less = |caps: Caps, part: usize| {
            let total = caps.total.min(descriptors / part).max(8);
            Caps { total, per_address: caps.per_address.min(total) }
        };
        Self { control: less(CONNECTIONS, 8), private: less(PRIVATE_CONNECTIONS, 32) }
    }
}

/// What can be held.
fn rows() -> [Row; 6] {
    let Caps { total, per_address } = CONNECTIONS;
    [
        Row::new("connections of the panel and the API, each with a header", total, CONNECTION).of_address(per_address),
        Row::new("connections of the private listener, each with a header", PRIVATE_CONNECTIONS.total, CONNECTION)
            .of_address(PRIVATE_CONNECTIONS.per_address),
        Row::new("pages of the control panel that change while one looks", MAX_LISTENERS, 64 * KIB)
            .of_address(MAX_LISTENERS / 2),
        Row::new("forms of the control panel from whoever is not logged in", total, MAX_OPEN_FORM_BYTES)
            .of_address(per_address),
        Row::new("passwords that wait to be compared", password::MAX_UNDER_WAY, password::MAX_PASSWORD_BYTES)
            .of_address(password::MAX_OF_CALLER),
        Row::new("passwords being compared", password::MAX_AT_ONCE, 19 * MIB),
    ]
}

/// The table of `deploy/README.md`.
pub fn table() -> String {
    held::table(&rows())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the 256 MiB of the container in deploy/kubernetes, without the process itself and what the allocator wastes.
    const MOST: usize = 128 * MIB;

    #[test]
    fn all_together_leave_room_in_the_smallest_container() {
        let sum = held::sum(&rows());
        assert!(sum <= MOST, "{sum}");
    }

    #[test]
    fn few_descriptors_allow_fewer_connections() {
        for (descriptors, control, private) in [(65_536, 256, 64), (1_024, 128, 32), (256, 32, 8), (0, 8, 8)] {
            let listeners = Listeners::within(descriptors);
            assert_eq!((listeners.control.total, listeners.private.total), (control, private), "{descriptors}");
        }
    }
}
