//! The lanes: ways to the workers of which none waits for another. A burst has a lane beside that of all others, and
//! what wakes runs has others. The lane of a message is known to whoever carries it (the routing key, a column of the
//! spool), and the message does not tell it. What wakes runs is a row of the spool and does not reach the broker: a worker
//! takes only what it has a slot for, each workflow from its own front, and a queue of the broker has one front for all.

/// A way to the workers. The numbers stand in the spool: they are never given to another lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// What comes as it usually does.
    Default = 0,
    /// What wakes runs that neither call nor are slow. Of the spool alone; an older version put it into a queue as well,
    /// and what is left there is still taken.
    Resuming = 1,
    /// A burst, or several: see [`Lane::bulk`].
    Bulk1 = 2,
    /// As above.
    Bulk2 = 3,
    /// As above.
    Bulk3 = 4,
    /// As above.
    Bulk4 = 5,
    /// Runs that stand before a call of another system. Of the spool alone.
    Calling = 6,
    /// Runs that are too slow for a bundle and go on alone. Of the spool alone.
    Slow = 7,
}

impl Lane {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// All, each at its number.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Default, Self::Resuming, Self::Bulk1, Self::Bulk2, Self::Bulk3, Self::Bulk4, Self::Calling, Self::Slow];

    /// Those that have a queue in the broker, where there is one.
    pub const BROKERED: [Self; 6] = [Self::Default, Self::Resuming, Self::Bulk1, Self::Bulk2, Self::Bulk3, Self::Bulk4];

    /// Those of submissions: each is a queue of the broker, where there is one.
    pub const SUBMISSIONS: [Self; 5] = [Self::Default, Self::Bulk1, Self::Bulk2, Self::Bulk3, Self::Bulk4];

    /// Those of bursts. Each is a quorum queue, which costs the broker memory and files; two bursts at a time meet in
    /// one with a chance of one in four, and then wait for each other and for nobody else.
    const BULK: [Self; 4] = [Self::Bulk1, Self::Bulk2, Self::Bulk3, Self::Bulk4];

    /// The lane of the burst of a flow, by a hash of the flow.
    pub fn bulk(hash: u64) -> Self {
        Self::BULK[usize::try_from(hash % 4).unwrap_or(0)]
    }

    /// Whether it has a queue in the broker, where there is one.
    pub fn is_brokered(self) -> bool {
        Self::BROKERED.contains(&self)
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
    use crate::broker::topology;

    #[test]
    fn a_lane_is_found_at_its_number() {
        for (at, lane) in Lane::ALL.into_iter().enumerate() {
            assert_eq!((lane.index(), Lane::from_number(lane.number())), (at, lane));
        }
        assert_eq!(Lane::from_number(99), Lane::Default);
    }

    #[test]
    fn a_lane_without_a_queue_has_no_way_in_the_broker() {
        for lane in Lane::ALL {
            let (queue, way) = (topology::queue(lane).is_some(), topology::way(lane).is_some());
            assert_eq!((queue, way), (lane.is_brokered(), lane.is_brokered()), "{lane:?}");
        }
    }

    #[test]
    fn bursts_spread_over_their_lanes_and_take_no_other() {
        let used: Vec<Lane> = (0..4).map(Lane::bulk).collect();
        assert_eq!(used, Lane::BULK);
        assert_eq!(Lane::bulk(u64::MAX), Lane::Bulk4);
    }
}
