//! Ordinary code that waits in odd places. It must do the same whether it waits or not, and whatever runs in between.
//!
//! Each program here is a function of a number. First it is run outside of all coroutines, where [`pause`] does
//! nothing. Then it is run in several coroutines with different numbers, in a random order, where [`pause`] waits.
//! The results must be the same. The programs are in [`lists`] and [`frames`].

mod frames;
mod lists;

use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Add, Deref};
use std::task::Poll;

use bysyncify::{Coroutine, can_embed, embed};
use guest_support::random::Random;
use guest_support::{after_polls, poll_once, random_seed, tests};

/// Waits, if a coroutine is running.
fn pause() {
    if can_embed() {
        PAUSES.set(PAUSES.get() + 1);
        embed(after_polls(1 + PAUSES.get() % 2, ()));
    }
}

thread_local! {
    static PAUSES: Cell<usize> = const { Cell::new(0) };
}

fn random(seed: u64) -> Random {
    Random::new(seed)
}

/// Compares the results of a program.
fn compare<R: PartialEq + fmt::Debug + 'static>(program: fn(u64) -> R) {
    let mut order = random(random_seed());
    let seeds: Vec<u64> = (0..5).map(|_| order.below(1 << 30) as u64).collect();
    let expected: Vec<R> = seeds.iter().map(|seed| program(*seed)).collect();
    let mut running: Vec<_> = seeds
        .iter()
        .copied()
        .enumerate()
        .map(|(index, seed)| (index, Coroutine::new(128 * 1024, move |_| program(seed))))
        .collect();
    let mut results: Vec<Option<R>> = seeds.iter().map(|_| None).collect();
    while !running.is_empty() {
        let at = order.below(running.len());
        let (index, coroutine) = &mut running[at];
        if let Poll::Ready(result) = poll_once(coroutine) {
            results[*index] = Some(result);
            drop(running.swap_remove(at));
        }
    }
    assert!(PAUSES.get() > 0, "nobody has waited");
    assert_eq!(results.into_iter().map(Option::unwrap).collect::<Vec<_>>(), expected);
}

/// A value that waits in each of its operations.
#[derive(Clone, Debug)]
struct Slow(u64);

impl PartialEq for Slow {
    fn eq(&self, other: &Self) -> bool {
        pause();
        self.0 == other.0
    }
}

impl Eq for Slow {}

impl PartialOrd for Slow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Slow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        pause();
        self.0.cmp(&other.0)
    }
}

impl Hash for Slow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
        pause();
    }
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pause();
        write!(f, "<{}", self.0)?;
        pause();
        f.write_str(">")
    }
}

impl Add for Slow {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        pause();
        Self(self.0.wrapping_mul(31).wrapping_add(other.0))
    }
}

impl Deref for Slow {
    type Target = u64;

    fn deref(&self) -> &u64 {
        pause();
        &self.0
    }
}

tests! {
    fn comparisons_that_wait() { compare(lists::sorted); }
    fn keys_that_wait() { compare(lists::maps); }
    fn texts_that_wait_as_they_are_written() { compare(lists::formatted); }
    fn numbers_of_all_types() { compare(frames::numbers); }
    fn large_results_of_functions_that_wait() { compare(frames::large_results); }
    fn arrays_in_loops() { compare(frames::arrays); }
    fn references_into_many_frames() { compare(frames::references); }
    fn iterators_that_wait_in_each_other() { compare(lists::iterators); }
    fn objects_and_closures_that_wait() { compare(frames::trait_objects); }
    fn destructors_that_wait() { compare(frames::destructors); }
    fn loops_and_errors() { compare(frames::control_flow); }
    fn readers_and_writers_that_wait() { compare(lists::readers); }
    fn closures_that_others_run() { compare(frames::moved_between_stacks); }
}
