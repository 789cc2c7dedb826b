//! The messages of modules that were asyncified wrongly: rule S1 in ARCHITECTURE.md.
//!
//! Cargo.toml has the wrong arguments. A module that was not asyncified at all cannot print a message: no engine
//! accepts its imports.

use std::hint::black_box;

use bysyncify::{Coroutine, EmbedError, embed, try_embed};
use guest_support::{after_one_poll, after_polls, expect_trap, poll_once, run, tests};

const NOT_INSTRUMENTED: &str = "a function that waits in `embed` was not instrumented by Asyncify; link with `bysyncify-ld`, \
     or run `wasm-opt --asyncify --pass-arg=asyncify-ignore-imports` before any optimisation";

const LOST_FRAMES: &str = "a coroutine returned while it was being suspended or resumed: a function on its stack was \
     not instrumented by Asyncify, or is JavaScript; run `wasm-opt --asyncify \
     --pass-arg=asyncify-ignore-imports` without a remove-list, before any optimisation";

type Function = extern "C" fn() -> u32;

/// This function is excluded from instrumentation.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn waits_here() -> u32 {
    embed(after_one_poll(7))
}

/// This one as well.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn is_in_the_middle(next: Function) -> u32 {
    // This array is on the shadow stack.
    let mut array = [1; 16];
    let array = black_box(&mut array);
    array[3] += next();
    array[3]
}

tests! {
    fn removed_waiter() {
        let mut coroutine = Coroutine::new(16384, |_| waits_here());
        expect_trap(NOT_INSTRUMENTED);
        let _ = poll_once(&mut coroutine);
    }

    fn removed_waiter_that_does_not_have_to_wait() {
        assert_eq!(run(Coroutine::new(16384, |_| embed(async { 7 }))), (1, 7));
    }

    fn removed_end_of_a_coroutine_that_was_cancelled() {
        let mut coroutine = Coroutine::new(16384, |_| {
            let result = try_embed(after_polls(9, ()));
            assert_eq!(result, Err(EmbedError::Cancelled));
            embed(after_polls(9, ()));
        });
        assert!(poll_once(&mut coroutine).is_pending());
        expect_trap(NOT_INSTRUMENTED);
        drop(coroutine);
    }

    fn removed_middle_called_directly() {
        let mut coroutine = Coroutine::new(16384, |_| is_in_the_middle(black_box(waits_here)));
        expect_trap(LOST_FRAMES);
        let _ = poll_once(&mut coroutine);
    }

    fn removed_middle_called_by_pointer() {
        // An indirect caller is instrumented, and so it is suspended. But the function itself runs on.
        let middle = black_box(is_in_the_middle as extern "C" fn(Function) -> u32);
        let mut coroutine = Coroutine::new(16384, move |_| middle(waits_here));
        expect_trap(LOST_FRAMES);
        let _ = poll_once(&mut coroutine);
    }

    fn optimised_before_asyncify() {
        let mut coroutine = Coroutine::new(16384, |handle| {
            (0..3).map(|value| handle.embed(after_polls(value, value))).sum::<usize>()
        });
        expect_trap(NOT_INSTRUMENTED);
        while poll_once(&mut coroutine).is_pending() {}
    }

    fn optimised_before_asyncify_and_nested() {
        let mut coroutine = Coroutine::new(65536, |_| {
            let mut inner = Coroutine::new(16384, |_| waits_here());
            poll_once(&mut inner).is_pending()
        });
        expect_trap(NOT_INSTRUMENTED);
        while poll_once(&mut coroutine).is_pending() {}
    }

    fn ignored_indirect_call_that_waits() {
        let mut coroutine = Coroutine::new(16384, |_| {
            black_box(waits_here as Function)() + 1
        });
        expect_trap(LOST_FRAMES);
        let _ = poll_once(&mut coroutine);
    }

    fn ignored_indirect_calls_are_harmless_where_none_waits() {
        assert_eq!(run(Coroutine::new(16384, |_| waits_here())), (2, 7));
    }
}
