//! Coroutines that wait in the initialiser of a `thread_local!`.
//!
//! std has no guard against two in it at a time, as it has for all else that is made when it is asked
//! for first: without coroutines the second one is in the first, and there can be no reference yet.
//! With two coroutines the first one to be through gets a reference, and the second one would replace
//! what it refers to.

use bysyncify::{Coroutine, can_embed, embed};
use guest_support::{after_polls, expect_trap, mask_numbers, poll_once, run, tests};
use std::cell::{Cell, OnceCell};
use std::hint::black_box;
use std::task::Poll;

/// A value that is another each time, after a wait.
fn next() -> u32 {
    embed(after_polls(1, ()));
    TURN.set(TURN.get() + 1);
    TURN.get()
}

/// With LTO at `opt-level = "z"` LLVM inlines std's function that calls the initialiser, the linker
/// does not see it, and one can wait there. What then comes of it is a limit that docs/limits.md tells.
#[inline(never)]
fn small() -> u32 {
    if can_embed() {
        mask_numbers();
        expect_trap(
            "assertion `left == right` failed: a live reference has another value\n  left: #\n \
             right: #",
        );
    }
    next()
}

thread_local! {
    static TURN: Cell<u32> = const { Cell::new(0) };
    static NUMBER: u32 = next();
    static SMALL: u32 = small();
    static CELL: Cell<u32> = Cell::new(next());
    static RUNS_ANOTHER: (usize, u32) = run(Coroutine::new(65536, |_| next()));
    static LATER: OnceCell<u32> = const { OnceCell::new() };
}

const REFUSED: &str = "cannot embed in the initialiser of a `thread_local!`: make the value before, \
                       and put it into a `OnceCell` there";

tests! {
    fn a_number_is_initialised_by_two() {
        two_at_once(|| NUMBER.with(hold));
    }

    fn a_small_one_is_initialised_by_two() {
        two_at_once(|| SMALL.with(hold));
    }

    fn a_cell_is_initialised_by_two() {
        two_at_once(|| CELL.with(|cell| {
            cell.set(7);
            embed(after_polls(1, ()));
            assert_eq!(cell.get(), 7);
            7
        }));
    }

    fn an_initialiser_runs_another_coroutine() {
        let coroutine = Coroutine::new(65536, |_| {
            let before = RUNS_ANOTHER.with(|it| *it);
            (before, embed(after_polls(1, 3)))
        });
        assert_eq!(run(coroutine), (2, ((2, 1), 3)));
    }

    fn the_value_is_made_before() {
        let go = || {
            Coroutine::new(65536, |_| {
                let value = next();
                LATER.with(|cell| *cell.get_or_init(|| value))
            })
        };
        let (mut one, mut other) = (go(), go());
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        assert_eq!(poll_once(&mut one), Poll::Ready(1));
        assert_eq!(poll_once(&mut other), Poll::Ready(1));
    }
}

/// What a reference refers to, before and after a wait: this must be the same.
fn hold(reference: &u32) -> u32 {
    let before = *reference;
    embed(after_polls(1, ()));
    assert_eq!(*black_box(reference), before, "a live reference has another value");
    before
}

/// Runs `initialise` in two coroutines, in turns.
fn two_at_once(initialise: impl Fn() -> u32 + Copy + 'static) {
    let [mut one, mut other] = [(); 2].map(|()| Coroutine::new(65536, move |_| initialise()));
    expect_trap(REFUSED);
    let _ = poll_once(&mut one);
    let _ = poll_once(&mut other);
    let _ = poll_once(&mut one);
    let _ = poll_once(&mut other);
    let _ = poll_once(&mut one);
}
