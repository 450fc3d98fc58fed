//! Which calls get a slot. The slots are shared by target and by workflow: either may have one more only while many more
//! are free than it has, and so may a target within the part of a workflow. However silent a target is, and however many
//! targets a workflow makes up, there is room for the next; and one that is alone has a good part of all.

use std::collections::HashMap;

use postern_shared::store::spool::Pair;

/// A target, or a workflow, gets one more call under way only while so many times as many slots are free as it has.
/// With 256 slots one target has 43 of a workflow and 86 of several, a workflow with several targets 86, and some
/// twenty targets of as many workflows that are all silent have not taken all.
const SHARE: usize = 2;

/// One of so many slots is kept for calls whose targets answered quickly the last time: targets that are slow or not
/// known have the others, however many there are.
const KEPT_FOR_QUICK: usize = 4;

/// Calls that are due.
#[derive(Debug, Clone)]
pub struct Due {
    /// The pair of workflow and target.
    pub pair: Pair,
    /// How many of the pair may be under way at a time.
    pub most: usize,
    /// How many of the target may be under way at a time, whichever workflows they are of.
    pub most_of_target: usize,
    /// Whether the target answered quickly the last time.
    pub is_quick: bool,
}

/// How many calls of each pair get a slot, of so many slots in all; the pairs take turns, beginning with number `turn`.
/// Beside each pair under way stands whether it is quick.
pub fn share<'a>(
    slots: usize,
    under_way: impl Iterator<Item = (&'a Pair, bool)>,
    mut due: Vec<Due>,
    turn: usize,
) -> Vec<(Pair, usize)> {
    let mut taken = Taken { free: slots, free_of_others: slots - slots / KEPT_FOR_QUICK, ..Taken::default() };
    under_way.for_each(|(pair, is_quick)| taken.add(pair, is_quick));
    if !due.is_empty() {
        let first = turn % due.len();
        due.rotate_left(first);
    }
    let mut granted = vec![0; due.len()];
    loop {
        let before = taken.free;
        for (due, granted) in due.iter().zip(&mut granted) {
            if taken.leaves_room(due) {
                taken.add(&due.pair, due.is_quick);
                *granted += 1;
            }
        }
        if taken.free == before {
            break;
        }
    }
    due.into_iter().map(|due| due.pair).zip(granted).filter(|(_, granted)| *granted > 0).collect()
}

/// Who has how many slots.
#[derive(Debug, Default)]
struct Taken {
    free: usize,
    /// Of these, those that a pair may have which is not quick.
    free_of_others: usize,
    targets: HashMap<String, usize>,
    workflows: HashMap<i64, usize>,
    pairs: HashMap<Pair, usize>,
}

impl Taken {
    fn add(&mut self, pair: &Pair, is_quick: bool) {
        self.free = self.free.saturating_sub(1);
        self.free_of_others = self.free_of_others.saturating_sub(usize::from(!is_quick));
        *self.targets.entry(pair.target.clone()).or_default() += 1;
        *self.workflows.entry(pair.workflow).or_default() += 1;
        *self.pairs.entry(pair.clone()).or_default() += 1;
    }

    fn leaves_room(&self, Due { pair, most, most_of_target, is_quick }: &Due) -> bool {
        let of_target = self.targets.get(&pair.target).copied().unwrap_or(0);
        let of_workflow = self.workflows.get(&pair.workflow).copied().unwrap_or(0);
        let of_pair = self.pairs.get(pair).copied().unwrap_or(0);
        // What the workflow may have beyond what it has, times SHARE + 1: each more makes one less free.
        let left = self.free.saturating_sub(SHARE * of_workflow);
        of_pair < *most
            && of_target < *most_of_target
            && (*is_quick || self.free_of_others > 0)
            && SHARE * of_target < self.free
            && (SHARE + 1) * of_pair < left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(workflow: i64, target: &str) -> Pair {
        Pair { workflow, target: target.to_owned() }
    }

    fn due(workflow: i64, target: &str) -> Due {
        Due { pair: pair(workflow, target), most: usize::MAX, most_of_target: usize::MAX, is_quick: true }
    }

    fn quick(pairs: &[Pair]) -> impl Iterator<Item = (&Pair, bool)> {
        pairs.iter().map(|pair| (pair, true))
    }

    /// Grants slots until nothing changes, as if nothing ever ended; returns how many each has.
    fn fill(slots: usize, due: &[Due]) -> Vec<usize> {
        let mut under_way: Vec<Pair> = Vec::new();
        loop {
            let granted = share(slots, quick(&under_way), due.to_vec(), under_way.len());
            if granted.is_empty() {
                break;
            }
            under_way.extend(granted.into_iter().flat_map(|(pair, count)| vec![pair; count]));
        }
        due.iter().map(|one| under_way.iter().filter(|pair| **pair == one.pair).count()).collect()
    }

    #[test]
    fn one_alone_has_a_good_part_and_leaves_room_for_the_next() {
        assert_eq!(fill(256, &[due(1, "a")]), [43]);
        assert_eq!(fill(1, &[due(1, "a")]), [1]);
        assert_eq!(fill(4, &[due(1, "a")]), [1]);
        let silent = vec![pair(1, "a"); 43];
        assert_eq!(share(256, quick(&silent), vec![due(1, "a"), due(2, "b")], 0), [(pair(2, "b"), 36)]);
        // Another target of the same workflow, and another workflow with the same target, have their parts.
        assert_eq!(share(256, quick(&silent), vec![due(1, "b")], 0), [(pair(1, "b"), 22)]);
        assert_eq!(share(256, quick(&silent), vec![due(2, "a")], 0), [(pair(2, "a"), 36)]);
    }

    #[test]
    fn many_silent_targets_and_workflows_leave_room() {
        let many: Vec<Due> = (0..20).map(|n| due(n, &n.to_string())).collect();
        let mut under_way = Vec::new();
        for one in &many {
            let granted = share(256, quick(&under_way), vec![one.clone()], 0);
            under_way.extend(granted.into_iter().flat_map(|(pair, count)| vec![pair; count]));
        }
        assert!(!share(256, quick(&under_way), vec![due(99, "good")], 0).is_empty(), "{} under way", under_way.len());
        let invented: Vec<Due> = (0..1_000).map(|n| due(1, &n.to_string())).collect();
        assert_eq!(fill(256, &invented).iter().sum::<usize>(), 86);
    }

    #[test]
    fn slow_targets_of_many_workflows_leave_a_quarter_to_quick_ones() {
        let slow: Vec<Due> = (0..250).map(|n| Due { is_quick: false, ..due(n, &n.to_string()) }).collect();
        let granted = share(256, quick(&[]), slow.clone(), 0);
        assert_eq!(granted.iter().map(|(_, count)| count).sum::<usize>(), 192);
        let under_way: Vec<Pair> = granted.into_iter().flat_map(|(pair, count)| vec![pair; count]).collect();
        let under_way = || under_way.iter().map(|pair| (pair, false));
        assert_eq!(share(256, under_way(), slow, 0), []);
        assert_eq!(share(256, under_way(), vec![due(999, "quick")], 0), [(pair(999, "quick"), 11)]);
    }

    #[test]
    fn pairs_take_turns_and_each_has_no_more_than_it_may() {
        let pairs = [due(1, "a"), due(1, "b"), due(2, "c")];
        let granted = [(pair(1, "b"), 2), (pair(2, "c"), 2), (pair(1, "a"), 2)];
        assert_eq!(share(16, quick(&[]), pairs.to_vec(), 1), granted);
        let one = |workflow| Due { most: 1, ..due(workflow, "a") };
        assert_eq!(share(256, quick(&[]), vec![one(1), one(2)], 0), [(pair(1, "a"), 1), (pair(2, "a"), 1)]);
        assert_eq!(share(256, quick(&[pair(1, "a")]), vec![one(1), one(2)], 0), [(pair(2, "a"), 1)]);
        assert_eq!(share(256, quick(&[pair(1, "a"), pair(2, "a")]), vec![one(1), one(2)], 0), []);
        let narrow = |workflow| Due { most_of_target: 4, ..due(workflow, "a") };
        assert_eq!(fill(256, &[narrow(1), narrow(2), due(3, "b")])[..2], [2, 2], "the target takes four in all");
        assert_eq!(share(256, quick(&[]), Vec::new(), 7), []);
        assert_eq!(share(0, quick(&[pair(1, "a")]), vec![due(2, "b")], 0), []);
    }
}
