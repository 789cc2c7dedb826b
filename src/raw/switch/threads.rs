//! A switch for tests: each coroutine is a thread, and one of them runs at a time.
//!
//! With it the crate's unsafe code runs natively, where AddressSanitizer and Miri can check it. They see when and
//! where a coroutine's memory is freed and each waker is dropped, and what the frames of a suspended coroutine
//! point to.
//!
//! ```text
//!   the thread that polls            the coroutine's thread
//!   ─────────────────────            ──────────────────────
//!   resume: gives the baton ───────► entry(data)
//!     waits for it                    └ … embed
//!                                        └ suspend: gives the baton
//!   resume returns SUSPENDED ◄──────────────   waits for it
//!   …
//!   resume: gives the baton ───────────────► suspend returns
//!     waits for it                    entry returns, the thread ends
//!   resume joins it, returns FINISHED ◄──┘
//! ```
//!
//! A baton is passed by a lock, so everything that one side has done happens before what the other does next; both
//! never act at once. A thread that is not resumed again waits forever, and its stack is leaked. The same happens
//! to the stack of an abandoned or forgotten coroutine.
//!
//! # What this does not show
//!
//! - Frames lie on the thread's stack. The one in the coroutine's memory stays unused. Only in WebAssembly is it
//!   tested that this one is large enough, is checked, and is not reused too early for the frames themselves. For
//!   data that other code points to (a future pinned on the stack) there is no difference: the thread's stack
//!   stays, too.
//! - Nothing is instrumented, so nothing can be missed: no `LostFrames`, `Uninstrumented`, no foreign unwinds.
//! - A `thread_local!` has a value for each coroutine.

extern crate alloc;
extern crate std;

use core::cell::{Cell, OnceCell};
use core::ptr;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use super::Switch;
use crate::abi;
use crate::raw::control_block::{AbiTag, Entry, RawCore, UninstrumentedFn, Wait};
use crate::raw::phase::Phase;

pub(crate) enum Threads {}

std::thread_local! {
    /// The coroutine that this thread runs, or null. The poller of a coroutine waits meanwhile, so the running
    /// code is always on the thread of the innermost.
    static CURRENT: Cell<*const RawCore> = const { Cell::new(ptr::null()) };
    /// The thread's own baton, if a coroutine runs on it.
    static BATON: OnceCell<Arc<Baton>> = const { OnceCell::new() };
}

/// The side that may run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Resumer,
    Coroutine,
    /// The resumer's turn, for good.
    Finished,
}

struct Baton {
    turn: Mutex<Turn>,
    passed: Condvar,
}

impl Baton {
    fn pass(&self, turn: Turn) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
        self.passed.notify_one();
    }

    /// Waits until it is the coroutine's turn, or until it no longer is.
    fn wait(&self, for_coroutine: bool) -> Turn {
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let not_yet = |turn: &mut Turn| (*turn == Turn::Coroutine) != for_coroutine;
        *self.passed.wait_while(turn, not_yet).unwrap_or_else(PoisonError::into_inner)
    }
}

/// The arguments of a coroutine's thread.
struct Start {
    baton: Arc<Baton>,
    entry: Entry,
    data: *mut (),
    core: *const RawCore,
}

// SAFETY: only the thread that has the baton uses what this points to.
unsafe impl Send for Start {}

impl Start {
    fn run(self) {
        self.baton.wait(true);
        CURRENT.set(self.core);
        let baton = BATON.with(|baton| baton.get_or_init(|| self.baton).clone());
        // SAFETY: the caller of `resume` has promised it.
        unsafe { (self.entry)(self.data, AbiTag(0.0)) };
        baton.pass(Turn::Finished);
    }
}

/// A coroutine that has been started and has not finished.
struct Started {
    baton: Arc<Baton>,
    thread: JoinHandle<()>,
}

impl Started {
    fn new(entry: Entry, data: *mut (), core: *const RawCore) -> Self {
        let baton = Arc::new(Baton { turn: Mutex::new(Turn::Resumer), passed: Condvar::new() });
        let start = Start { baton: baton.clone(), entry, data, core };
        let thread = thread::Builder::new().name(String::from("coroutine"));
        let thread = thread.spawn(move || start.run()).expect("no more threads can be started");
        Self { baton, thread }
    }
}

/// The suspended coroutines, by the address of their core. The entry of a coroutine that is never resumed stays,
/// as its core does.
static SUSPENDED: Mutex<BTreeMap<usize, Started>> = Mutex::new(BTreeMap::new());

fn suspended() -> MutexGuard<'static, BTreeMap<usize, Started>> {
    SUSPENDED.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Switch for Threads {
    const STACK_IS_IN_MEMORY: bool = false;

    unsafe fn resume(entry: Entry, data: *mut (), core: *const RawCore) -> u32 {
        // SAFETY: our caller's promise: it is valid until the coroutine has ended, which this waits
        // for.
        let state = unsafe { &*core };
        let started = suspended().remove(&core.addr());
        let phase = if started.is_some() { Phase::Rewinding } else { Phase::Running };
        state.phase.set(phase as u32);
        let started = started.unwrap_or_else(|| Started::new(entry, data, core));
        started.baton.pass(Turn::Coroutine);
        if started.baton.wait(false) == Turn::Finished {
            // So that nothing of the thread is left, not even its thread-local variables.
            let ended = started.thread.join();
            return match state.phase() {
                Phase::Running if ended.is_ok() => abi::OUTCOME_FINISHED,
                _ => abi::OUTCOME_UNSOUND,
            };
        }
        suspended().insert(core.addr(), started);
        state.phase.set(Phase::Suspended as u32);
        abi::OUTCOME_SUSPENDED
    }

    unsafe fn suspend(core: &RawCore, wait: *const Wait) -> u32 {
        // SAFETY: our caller's promise. Not kept: while the coroutine is suspended, other code uses it.
        let seen = unsafe { &*wait }.epoch.get();
        if core.waker.epoch.get() != seen {
            return abi::SUSPEND_NEW_EPOCH;
        }
        core.waker.waiting.set(wait);
        core.phase.set(Phase::Unwinding as u32);
        BATON.with(|baton| {
            let baton = baton.get().expect("a coroutine's thread has one");
            baton.pass(Turn::Resumer);
            baton.wait(true);
        });
        core.phase.set(Phase::Running as u32);
        if core.waker.epoch.get() == seen { abi::SUSPEND_RESUMED } else { abi::SUSPEND_NEW_EPOCH }
    }

    unsafe fn call_uninstrumented(function: UninstrumentedFn, data: *mut ()) {
        let caller = CURRENT.replace(ptr::null());
        // SAFETY: our caller's promise.
        unsafe { function(data, AbiTag(0.0)) };
        CURRENT.set(caller);
    }

    fn current() -> *const RawCore {
        CURRENT.get()
    }

    unsafe fn set_reporter(_: UninstrumentedFn) {}

    fn stack_left() -> usize {
        0
    }

    fn stack_room(_: &RawCore) -> Option<usize> {
        None
    }
}
