//! The lanes: ways to the workers of which none waits for another. A burst has a lane beside that of all others, and
//! what wakes runs has its own. The lane of a message is known to whoever carries it (the routing key, a column of the
//! spool), and the message does not tell it.

/// A way to the workers. The numbers stand in the spool: they are never given to another lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// What comes as it usually does.
    Default = 0,
    /// What wakes runs.
    Resuming = 1,
    /// A burst, or several: see [`Lane::bulk`].
    Bulk1 = 2,
    /// As above.
    Bulk2 = 3,
    /// As above.
    Bulk3 = 4,
    /// As above.
    Bulk4 = 5,
}

impl Lane {
    /// How many there are.
    pub const COUNT: usize = 6;

    /// All, each at its number.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Default, Self::Resuming, Self::Bulk1, Self::Bulk2, Self::Bulk3, Self::Bulk4];

    /// Those of submissions.
    pub const SUBMISSIONS: [Self; 5] = [Self::Default, Self::Bulk1, Self::Bulk2, Self::Bulk3, Self::Bulk4];

    /// Those of bursts. Each is a quorum queue, which costs the broker memory and files; two bursts at a time meet in
    /// one with a chance of one in four, and then wait for each other and for nobody else.
    const BULK: [Self; 4] = [Self::Bulk1, Self::Bulk2, Self::Bulk3, Self::Bulk4];

    /// The lane of the burst of a flow, by a hash of the flow.
    pub fn bulk(hash: u64) -> Self {
        Self::BULK[usize::try_from(hash % 4).unwrap_or(0)]
    }

    /// Its place in [`Lane::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// What the spool keeps.
    pub fn number(self) -> i16 {
        self as i16
    }

    /// The lane of a number in the spool; one that this version does not know is the default.
    pub fn from_number(number: i16) -> Self {
        Self::ALL.into_iter().find(|lane| lane.number() == number).unwrap_or(Self::Default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_found_at_its_number() {
        for (at, lane) in Lane::ALL.into_iter().enumerate() {
            assert_eq!((lane.index(), Lane::from_number(lane.number())), (at, lane));
        }
        assert_eq!(Lane::from_number(99), Lane::Default);
    }

    #[test]
    fn bursts_spread_over_their_lanes_and_take_no_other() {
        let used: Vec<Lane> = (0..4).map(Lane::bulk).collect();
        assert_eq!(used, Lane::BULK);
        assert_eq!(Lane::bulk(u64::MAX), Lane::Bulk4);
    }
}
