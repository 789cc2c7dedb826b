//! Code that calls Asyncify's functions itself, in a program with coroutines.
//!
//! If a program has such code, our linker makes functions that are resumed all at once. Only of the library's own
//! switch does it know that frames may stay in memory.

use bysyncify::{Coroutine, RawStack, embed, start_unwind, stop_unwind};
use guest_support::{after_polls, expect_trap, is_checked, mask_quotes, poll_once, tests};
use std::hint::black_box;

/// Starts an unwind, like a host that suspends the code it has called.
///
/// Asyncify does not instrument this function, because of the call in it.
#[inline(never)]
fn unwind_from_elsewhere(stack: *mut RawStack) {
    // SAFETY: not kept, to see what happens: the unwind is none of the coroutine's.
    unsafe { start_unwind(stack) };
}

/// Asyncify does not instrument this function either, so an unwind is lost in it.
#[inline(never)]
fn wait_uninstrumented(wait: fn()) {
    wait();
    if black_box(false) {
        // SAFETY: never called.
        unsafe { stop_unwind() };
    }
}

tests! {
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
