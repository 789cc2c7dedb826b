//! The blocks of a source that were used last.

use alloc::collections::VecDeque;

/// A few numbered blocks, those first that were used last.
///
/// Looking for one is a walk through all of them: there are few, and each was waited for.
#[derive(Debug)]
pub(super) struct Blocks<B> {
    blocks: VecDeque<(u64, B)>,
    /// How many there may be. Not 0.
    limit: usize,
}

impl<B> Blocks<B> {
    pub(super) fn new(limit: usize) -> Self {
        Self { blocks: VecDeque::new(), limit }
    }

    pub(super) fn contains(&self, number: u64) -> bool {
        self.blocks.iter().any(|(it, _)| *it == number)
    }

    /// The block of this number, which from now on is the one that was used last.
    pub(super) fn get(&mut self, number: u64) -> Option<&B> {
        let place = self.blocks.iter().position(|(it, _)| *it == number)?;
        if place != 0 {
            let block = self.blocks.remove(place)?;
            self.blocks.push_front(block);
        }
        self.blocks.front().map(|(_, block)| block)
    }

    /// Adds a block that is not among them, in place of the one that was not used for longest.
    pub(super) fn insert(&mut self, number: u64, block: B) {
        self.blocks.truncate(self.limit - 1);
        self.blocks.push_front((number, block));
    }
}

#[cfg(test)]
mod tests {
    use super::Blocks;
    use alloc::vec::Vec;

    #[test]
    fn the_one_that_was_not_used_for_longest_has_to_go() {
        let mut blocks = Blocks::new(3);
        for number in 0..3 {
            blocks.insert(number, 10 * number);
        }
        assert_eq!(blocks.get(0), Some(&0));
        assert_eq!(blocks.get(0), Some(&0));
        blocks.insert(3, 30);
        let there: Vec<u64> = (0..5).filter(|number| blocks.contains(*number)).collect();
        assert_eq!(there, [0, 2, 3]);
        assert_eq!(blocks.get(2), Some(&20));
        assert_eq!(blocks.get(1), None);
        blocks.insert(4, 40);
        let there: Vec<u64> = (0..5).filter(|number| blocks.contains(*number)).collect();
        assert_eq!(there, [2, 3, 4]);
    }

    #[test]
    fn one_block_is_enough() {
        let mut blocks = Blocks::new(1);
        blocks.insert(7, "seven");
        blocks.insert(8, "eight");
        assert_eq!(blocks.get(7), None);
        assert_eq!(blocks.get(8), Some(&"eight"));
    }
}
