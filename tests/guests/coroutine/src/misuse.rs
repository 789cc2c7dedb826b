//! Every misuse has its message: rules S5, S6 and S9 of the design.

use bysyncify::{Coroutine, EmbedError, RawCoreHandle, can_embed, embed, try_embed};
#[cfg(target_family = "wasm")]
use bysyncify::{RawStack, start_unwind, stop_unwind};
use guest_support::{after_polls, expect_trap, poll_once, run, tests};
#[cfg(target_family = "wasm")]
use guest_support::{is_checked, mask_quotes};
use std::cell::Cell;
#[cfg(target_family = "wasm")]
use std::hint::black_box;
use std::rc::Rc;

/// Starts an unwind, as a host does that suspends the code it has called.
///
/// Asyncify does not instrument this function, because of the call in it.
#[cfg(target_family = "wasm")]
#[inline(never)]
fn unwind_from_elsewhere(stack: *mut RawStack) {
    // SAFETY: not kept, to see what happens: the unwind is none of the coroutine's.
    unsafe { start_unwind(stack) };
}

/// Asyncify does not instrument this function either, so an unwind is lost in it.
#[cfg(target_family = "wasm")]
#[inline(never)]
fn wait_uninstrumented(wait: fn()) {
    wait();
    if black_box(false) {
        // SAFETY: never called.
        unsafe { stop_unwind() };
    }
}

fn leak_a_handle() -> RawCoreHandle {
    let leaked = Rc::new(Cell::new(None));
    let inside = leaked.clone();
    let mut coroutine = Coroutine::new(8192, move |handle| {
        inside.set(Some(handle.raw()));
        handle.embed(after_polls(1, ()));
    });
    assert!(poll_once(&mut coroutine).is_pending());
    // So that the handle stays valid.
    std::mem::forget(coroutine);
    leaked.get().expect("set by the coroutine")
}

#[cfg(target_family = "wasm")]
#[allow(improper_ctypes, reason = "the switch does not look at it")]
unsafe extern "C" {
    /// The switch's own (`build/switch.wat`).
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
        let mut coroutine = Coroutine::new(8192, |handle| handle.embed(after_polls(9, 1)));
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
        // And the coroutine is none the worse for it.
        assert!(poll_once(&mut coroutine).is_ready());
        assert!(!can_embed());
    }

    fn embed_with_the_handle_of_a_suspended_coroutine() {
        let handle = leak_a_handle();
        // SAFETY: the coroutine was forgotten, so its memory is there for ever.
        let handle = unsafe { handle.to_handle() };
        assert_eq!(handle.try_embed(async { 1 }), Err(EmbedError::NotRunning));
        // Not from within another coroutine either.
        let inside = handle.raw();
        let coroutine = Coroutine::new(8192, move |_| {
            // SAFETY: as above.
            unsafe { inside.try_embed(async { 1 }) }
        });
        assert_eq!(run(coroutine), (1, Err(EmbedError::NotRunning)));
        expect_trap("cannot embed outside a running coroutine");
        handle.embed(async { 1 });
    }

    #[cfg(target_family = "wasm")]
    fn an_unwind_that_someone_else_started() {
        let memory = Box::leak(Box::new([0u64; 512]));
        let range = memory.as_mut_ptr_range();
        let stack = Box::leak(Box::new(RawStack { start: range.start.cast(), end: range.end.cast() }));
        let stack = &raw mut *stack;
        let mut coroutine = Coroutine::new(8192, move |_| unwind_from_elsewhere(stack));
        expect_trap(
            "an Asyncify unwind that bysyncify did not start reached a coroutine: the host \
             suspended code that runs inside one; await there with `embed` instead",
        );
        let _ = poll_once(&mut coroutine);
    }

    #[cfg(target_family = "wasm")]
    fn a_function_on_the_stack_that_was_not_instrumented() {
        let mut coroutine = Coroutine::new(8192, |_| {
            wait_uninstrumented(black_box(|| {
                embed(after_polls(1, ()));
            }));
        });
        if is_checked() {
            mask_quotes();
            expect_trap("`…` was on the stack at a suspend but is not instrumented by Asyncify");
        } else {
            expect_trap(
                "a coroutine returned while it was being suspended or resumed: a function on its \
                 stack was not instrumented by Asyncify, or is JavaScript; run `wasm-opt \
                 --asyncify --pass-arg=asyncify-ignore-imports` without a remove-list, before any \
                 optimisation",
            );
        }
        let _ = poll_once(&mut coroutine);
    }
}
