//! Two coroutines wait in the initialiser of the same value.
//!
//! std guards most of its lazily initialised types against an initialiser that accesses the value it makes. The
//! second coroutine looks exactly like that to them.

use bysyncify::{Coroutine, embed};
use guest_support::{after_polls, expect_trap, poll_once, tests};
use std::cell::{LazyCell, OnceCell};
use std::rc::Rc;
use std::sync::{LazyLock, Once, OnceLock};

static LAZY_LOCK: LazyLock<u32> = LazyLock::new(|| embed(after_polls(1, 7)));
static ONCE_LOCK: OnceLock<u32> = OnceLock::new();
static ONCE: Once = Once::new();

tests! {
    fn a_lazy_lock_is_initialised_by_two() {
        two_at_once("one-time initialization may not be performed recursively", || *LAZY_LOCK);
    }

    fn a_once_lock_is_initialised_by_two() {
        two_at_once("one-time initialization may not be performed recursively", || {
            *ONCE_LOCK.get_or_init(|| embed(after_polls(1, 7)))
        });
    }

    fn a_once_is_called_by_two() {
        two_at_once("one-time initialization may not be performed recursively", || {
            ONCE.call_once(|| embed(after_polls(1, ())));
            7
        });
    }

    fn a_lazy_cell_is_initialised_by_two() {
        let cell = Rc::new(LazyCell::new(|| embed(after_polls(1, 7))));
        two_at_once("LazyCell instance has previously been poisoned", move || **cell);
    }

    fn a_once_cell_is_initialised_by_two() {
        let cell = Rc::new(OnceCell::new());
        two_at_once("reentrant init", move || *cell.get_or_init(|| embed(after_polls(1, 7))));
    }

    fn each_is_initialised_by_one_that_waits() {
        let cell = OnceCell::new();
        let lazy = LazyCell::new(|| embed(after_polls(1, 7)));
        let coroutine = Coroutine::new(65536, move |_| {
            ONCE.call_once(|| embed(after_polls(1, ())));
            *LAZY_LOCK
                + *ONCE_LOCK.get_or_init(|| embed(after_polls(1, 7)))
                + *cell.get_or_init(|| embed(after_polls(1, 7)))
                + *lazy
        });
        assert_eq!(guest_support::run(coroutine), (6, 28));
    }
}

/// Runs `initialise` in two coroutines, in turns. `message` is the expected result.
fn two_at_once(message: &str, initialise: impl Fn() -> u32 + Clone + 'static) {
    let [mut one, mut other] = [(); 2].map(|()| {
        let initialise = initialise.clone();
        Coroutine::new(65536, move |_| initialise())
    });
    assert!(poll_once(&mut one).is_pending());
    expect_trap(message);
    let _ = poll_once(&mut other);
    let _ = poll_once(&mut one);
    let _ = poll_once(&mut other);
}
