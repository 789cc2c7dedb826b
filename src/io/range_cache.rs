//! The ranges of a source that were used last.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::ops::Range;

/// A few ranges with their bytes, the most recently used first. No two overlap, and together they are no longer
/// than a limit.
///
/// A search visits all of them: there are few, and each was waited for.
#[derive(Debug)]
pub(super) struct RangeCache<B> {
    pieces: VecDeque<Piece<B>>,
    /// In bytes.
    limit: u64,
}

/// The bytes of a range, which clones of a cache share.
#[derive(Debug)]
struct Piece<B> {
    range: Range<u64>,
    bytes: Arc<B>,
}

impl<B> RangeCache<B> {
    /// Makes a cache of up to `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self { pieces: VecDeque::new(), limit }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    pub(super) fn contains(&self, position: u64) -> bool {
        self.pieces.iter().any(|piece| piece.range.contains(&position))
    }

    /// The missing range around this position, which is not in the cache, within these bounds.
    pub(super) fn gap(&self, position: u64, bounds: Range<u64>) -> Range<u64> {
        let mut gap = bounds;
        for Piece { range, .. } in &self.pieces {
            if range.end <= position {
                gap.start = gap.start.max(range.end);
            } else {
                gap.end = gap.end.min(range.start);
            }
        }
        gap
    }

    /// The bytes from this position to the end of its range. This range is then the most recently used.
    pub(super) fn get(&mut self, position: u64) -> Option<&[u8]>
    where
        B: AsRef<[u8]>,
    {
        let place = self.pieces.iter().position(|piece| piece.range.contains(&position))?;
        if place != 0 {
            let piece = self.pieces.remove(place)?;
            self.pieces.push_front(piece);
        }
        let piece = self.pieces.front()?;
        let skipped = usize::try_from(position - piece.range.start).ok()?;
        (*piece.bytes).as_ref().get(skipped..)
    }

    /// Adds a missing range that is no longer than the limit, in place of the least recently used ones.
    pub(super) fn insert(&mut self, range: Range<u64>, bytes: B) {
        let length = |range: &Range<u64>| range.end - range.start;
        let mut sum = length(&range);
        let kept = self.pieces.iter().take_while(|piece| {
            sum = sum.saturating_add(length(&piece.range));
            sum <= self.limit
        });
        let kept = kept.count();
        self.pieces.truncate(kept);
        self.pieces.push_front(Piece { range, bytes: Arc::new(bytes) });
    }
}

impl<B> Clone for RangeCache<B> {
    fn clone(&self) -> Self {
        let copy = |piece: &Piece<B>| Piece {
            range: piece.range.clone(),
            bytes: Arc::clone(&piece.bytes),
        };
        Self { pieces: self.pieces.iter().map(copy).collect(), limit: self.limit }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// A cache of 100 bytes with these ranges in it, the last one used last. A byte is its position.
    fn cache(ranges: &[Range<u64>]) -> RangeCache<Vec<u8>> {
        let mut cache = RangeCache::new(100);
        for range in ranges {
            cache.insert(range.clone(), range.clone().map(|byte| byte as u8).collect());
        }
        cache
    }

    fn there(cache: &RangeCache<Vec<u8>>) -> Vec<u64> {
        (0..256).filter(|position| cache.contains(*position)).collect()
    }

    #[test]
    fn what_was_not_used_for_longest_has_to_go() {
        let mut cache = cache(&[0..40, 100..130, 200..230]);
        assert_eq!(cache.get(10), Some(&*(10..40).collect::<Vec<u8>>()));
        cache.insert(50..60, (50..60).collect());
        let expected: Vec<u64> = (0..40).chain(50..60).chain(200..230).collect();
        assert_eq!(there(&cache), expected);
        assert_eq!(cache.get(129), None);
        assert_eq!(cache.get(229), Some(&[229][..]));
        // The limit is reached and not passed.
        cache.insert(60..120, (60..120).collect());
        let expected: Vec<u64> = (50..120).chain(200..230).collect();
        assert_eq!(there(&cache), expected);
        cache.insert(0..50, (0..50).collect());
        assert_eq!(there(&cache), (0..50).collect::<Vec<u64>>());
    }

    #[test]
    fn gap_ends_where_something_is() {
        let cache = cache(&[10..20, 30..40, 0..5]);
        assert_eq!(cache.gap(25, 0..100), 20..30);
        assert_eq!(cache.gap(25, 22..28), 22..28);
        assert_eq!(cache.gap(50, 0..100), 40..100);
        assert_eq!(cache.gap(7, 0..100), 5..10);
    }

    #[test]
    fn clone_has_what_there_was_and_goes_its_own_way() {
        let mut first = cache(&[0..4, 4..10]);
        let mut second = first.clone();
        assert!(Arc::ptr_eq(&first.pieces[1].bytes, &second.pieces[1].bytes));
        first.insert(10..20, (10..20).collect());
        second.insert(20..30, (20..30).collect());
        assert_eq!(there(&first), (0..20).collect::<Vec<u64>>());
        assert_eq!(there(&second), (0..10).chain(20..30).collect::<Vec<u64>>());
    }
}
