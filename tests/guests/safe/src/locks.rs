//! Two coroutines lock the same lock of std, and its owner waits.
//!
//! There is one thread, so std treats a locked lock as an error and does not wait for the owner.

use bysyncify::{Coroutine, embed};
use guest_support::{after_polls, expect_trap, poll_once, tests};
use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;
use std::sync::{Barrier, Condvar, Mutex, RwLock};

static MUTEX: Mutex<u32> = Mutex::new(0);
static LOCK: RwLock<u32> = RwLock::new(0);

tests! {
    fn a_mutex_is_locked_by_two() {
        let message = "assertion `left == right` failed: cannot recursively acquire mutex\n  \
                       left: true\n right: false";
        two_at_once(message, || {
            let _guard = MUTEX.lock();
            embed(after_polls(1, ()));
        });
    }

    fn a_mutex_tells_that_it_is_locked() {
        let mut one = Coroutine::new(65536, |_| {
            let _guard = MUTEX.lock();
            embed(after_polls(1, ()));
        });
        assert!(poll_once(&mut one).is_pending());
        assert!(MUTEX.try_lock().is_err());
        assert!(poll_once(&mut one).is_ready());
        assert!(MUTEX.try_lock().is_ok());
    }

    /// std prints "rwlock locked for reading" where it has a standard error, and aborts.
    fn a_lock_is_locked_for_writing_by_two() {
        two_at_once("", || {
            let _guard = LOCK.write();
            embed(after_polls(1, ()));
        });
    }

    fn a_lock_is_locked_for_reading_by_two() {
        let go = || Coroutine::new(65536, |_| embed(after_polls(1, *LOCK.read().unwrap())));
        let (mut one, mut other) = (go(), go());
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        assert!(LOCK.try_write().is_err());
        assert!(poll_once(&mut one).is_ready() && poll_once(&mut other).is_ready());
        assert!(LOCK.try_write().is_ok());
    }

    fn a_cell_is_borrowed_by_two() {
        let cell = Rc::new(RefCell::new(0));
        two_at_once("RefCell already borrowed", move || {
            let _borrow = cell.borrow_mut();
            embed(after_polls(1, ()));
        });
    }

    /// `ReentrantLock` allows every access from the same thread. It guards a `RefCell`.
    fn the_standard_output_is_locked_by_two() {
        let go = |polls| {
            Coroutine::new(65536, move |_| {
                let mut output = io::stdout().lock();
                output.write_all(b"one ").unwrap();
                embed(after_polls(polls, ()));
                output.write_all(b"other\n").unwrap();
            })
        };
        let (mut one, mut other) = (go(1), go(2));
        assert!(poll_once(&mut one).is_pending() && poll_once(&mut other).is_pending());
        assert!(poll_once(&mut one).is_ready());
        println!("in between");
        assert!(poll_once(&mut other).is_pending());
        assert!(poll_once(&mut other).is_ready());
    }

    fn a_condition_that_nobody_can_meet_meanwhile() {
        let mut coroutine = Coroutine::new(65536, |_| {
            let condition = Condvar::new();
            let guard = MUTEX.lock().unwrap();
            drop(condition.wait(guard));
        });
        expect_trap("condvar wait not supported");
        let _ = poll_once(&mut coroutine);
    }

    fn a_barrier_for_two() {
        let barrier = Barrier::new(2);
        let mut coroutine = Coroutine::new(65536, move |_| barrier.wait().is_leader());
        expect_trap("condvar wait not supported");
        let _ = poll_once(&mut coroutine);
    }
}

/// Runs `lock` in two coroutines, in turns. `message` is the expected result.
fn two_at_once(message: &str, lock: impl Fn() + Clone + 'static) {
    let [mut one, mut other] = [(); 2].map(|()| {
        let lock = lock.clone();
        Coroutine::new(65536, move |_| lock())
    });
    assert!(poll_once(&mut one).is_pending());
    expect_trap(message);
    let _ = poll_once(&mut other);
}
