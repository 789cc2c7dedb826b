//! Each misuse has its own message: rules S5, S6 and S9 of the design.

use bysyncify::{Coroutine, EmbedError, RawCoreHandle, can_embed, embed, try_embed};
use guest_support::{after_polls, expect_trap, insistently, poll_once, run, tests};
use std::cell::Cell;
use std::rc::Rc;

fn leak_a_handle() -> RawCoreHandle {
    let leaked = Rc::new(Cell::new(None));
    let inside = leaked.clone();
    let mut coroutine = Coroutine::new(8192, move |handle| {
        inside.set(Some(handle.raw()));
        handle.embed(after_polls(1, ()));
    });
    assert!(poll_once(&mut coroutine).is_pending());
    // Forgotten, so that the handle stays valid.
    std::mem::forget(coroutine);
    leaked.get().expect("set by the coroutine")
}

#[cfg(target_family = "wasm")]
#[allow(improper_ctypes, reason = "the switch does not look at it")]
unsafe extern "C" {
    /// A function of the switch itself (`build/switch.wat`).
    fn bysyncify_suspend(wait: *const u8) -> u32;
}

tests! {
    #[cfg(target_family = "wasm")]
    fn nothing_is_suspended_where_no_coroutine_is_current() {
        // SAFETY: it looks at what it is given only if a coroutine is current.
        assert_eq!(unsafe { bysyncify_suspend(std::ptr::null()) }, 3);
    }

    fn poll_after_it_has_finished() {
        let mut coroutine = Coroutine::new(8192, |_| 1);
        assert!(poll_once(&mut coroutine).is_ready());
        expect_trap("cannot poll a coroutine after it has finished");
        let _ = poll_once(&mut coroutine);
    }

    fn poll_after_it_was_cancelled() {
        let mut coroutine = Coroutine::new(8192, |_| 1);
        assert_eq!(coroutine.cancel(), None);
        expect_trap("cannot poll a coroutine after it has finished");
        let _ = poll_once(&mut coroutine);
    }

    fn poll_after_it_was_abandoned() {
        let mut coroutine =
            Coroutine::new(8192, |handle| insistently(|| handle.embed(after_polls(9, 1))));
        assert!(poll_once(&mut coroutine).is_pending());
        assert_eq!(coroutine.cancel(), None);
        expect_trap("cannot poll a coroutine after it was cancelled");
        let _ = poll_once(&mut coroutine);
    }

    fn embed_outside_a_coroutine() {
        assert!(!can_embed());
        assert_eq!(try_embed(async { 1 }), Err(EmbedError::NotRunning));
        assert_eq!(try_embed(async { 1 }).unwrap_err().to_string(),
            "cannot embed outside a running coroutine");
        expect_trap("cannot embed outside a running coroutine");
        embed(async { 1 });
    }

    fn embed_outside_a_coroutine_that_is_suspended() {
        let mut coroutine = Coroutine::new(8192, |handle| {
            assert!(can_embed());
            handle.embed(after_polls(1, ()));
        });
        assert!(poll_once(&mut coroutine).is_pending());
        assert!(!can_embed());
        assert_eq!(try_embed(async { 1 }), Err(EmbedError::NotRunning));
        // The coroutine still works.
        assert!(poll_once(&mut coroutine).is_ready());
        assert!(!can_embed());
    }

    fn embed_with_the_handle_of_a_suspended_coroutine() {
        let handle = leak_a_handle();
        // SAFETY: the coroutine was forgotten, so its memory is there for ever.
        let handle = unsafe { handle.to_handle() };
        assert_eq!(handle.try_embed(async { 1 }), Err(EmbedError::NotRunning));
        // It fails inside another coroutine, too.
        let inside = handle.raw();
        let coroutine = Coroutine::new(8192, move |_| {
            // SAFETY: as above.
            unsafe { inside.try_embed(async { 1 }) }
        });
        assert_eq!(run(coroutine), (1, Err(EmbedError::NotRunning)));
        expect_trap("cannot embed outside a running coroutine");
        handle.embed(async { 1 });
    }
}
