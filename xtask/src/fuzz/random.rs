//! Random numbers that are always the same for the same seed, on every machine.

/// SplitMix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 16) as usize % limit
    }

    /// Returns true with this probability.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Chooses one of these. There must be at least one.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// The seed for the `index`th part of a run with this `seed`. For the first part it is `seed` itself, so that each
/// part can be repeated alone.
pub(super) fn part(seed: u64, index: u64) -> u64 {
    match index {
        0 => seed,
        _ => Random::new(seed ^ index.rotate_left(32)).next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        let mut random = Random::new(1234567);
        let expected = [6457827717110365317, 3203168211198807973, 9817491932198370423];
        assert_eq!([(); 3].map(|()| random.next()), expected);
    }

    #[test]
    fn parts_have_seeds_of_their_own_and_the_first_that_of_the_whole() {
        assert_eq!(part(7, 0), 7);
        assert_ne!(part(7, 1), part(7, 2));
        assert_ne!(part(7, 1), part(8, 1));
    }
}
