//! What has no check of its own, called where the stack just has room for whoever has one: it stays
//! within the bytes that are kept free for it at the stack's low end.
//!
//! ```text
//!   low end                    limit
//!   ├── red zone ─┬── reserve ───┼──────────────────────┬─────────────────
//!   │  ◄── leaf() │  ◄── small() │ ◄── above()          │ ◄── coroutine
//! ```
//!
//! Each stack is 16 bytes smaller than the one before, until the function with the check ends the
//! program. So on the last one that is large enough, it came as near to the limit as can be.

use bysyncify::raw::RawCoroutine;
use bysyncify::{StackUsage, embed};
use guest_support::beside::{memory_between_others, overwritten};
use guest_support::{
    after_polls, at_panic, expect_overflow_in, expect_trap, mask_numbers, poll_once, run, tests,
};
use std::hint::black_box;

/// Has the array written to, which nobody reads. At opt-level 0 it is anyway, and a call to
/// `black_box` would be a real one: its caller would be no leaf.
macro_rules! keep {
    ($array:ident) => {
        #[cfg(not(debug_assertions))]
        black_box(&$array);
    };
}

/// How long an array fits into a frame. The rest is for the argument at opt-level 0, and for what
/// `black_box` is given at others.
const fn words(bytes: usize) -> usize {
    bytes / 8 - 1
}

/// What is called through a pointer. The `f32` makes its type unlike all others: else these functions could be
/// called by many, of whom those without a check would leave less of the reserve.
type Callee = fn(u64, f32) -> u64;

/// Calls nobody, and has a frame of no more than 128 bytes: LLVM leaves the stack pointer where it is,
/// and writes below it.
#[inline(never)]
fn leaf(value: u64, _: f32) -> u64 {
    let array = [value; words(128)];
    keep!(array);
    array[0]
}

/// Has no check, if what it needs is no more than the reserve: whoever calls it has one.
#[inline(never)]
fn small<const N: usize>(value: u64, _: f32) -> u64 {
    let array = [value; N];
    keep!(array);
    leaf(value, 0.0) ^ array[0]
}

/// Two such functions.
#[inline(never)]
fn chain<const M: usize, const N: usize>(value: u64, _: f32) -> u64 {
    let array = [value; M];
    keep!(array);
    small::<N>(value, 0.0) ^ array[0]
}

/// Has a check: it may call anything. It needs more than what begins and ends a coroutine, so its
/// check is the first to fail.
#[inline(never)]
fn above(value: u64, callee: Callee) -> u64 {
    let array = [value; 300];
    keep!(array);
    callee(value, 0.0) ^ array[0]
}

fn on_ever_smaller_stacks(callee: Callee) {
    assert!(expect_overflow_in("guest_safe::reserve::above"));
    let expected = black_box(callee)(VALUE, 0.0) ^ VALUE;
    for size in (0..8192).step_by(16).rev() {
        let callee = black_box(callee);
        let coroutine =
            RawCoroutine::new(memory_between_others(size), move |_| above(VALUE, callee));
        assert_eq!(run(coroutine), (1, expected), "on a stack of {size} bytes");
        assert_eq!(overwritten(), None, "by a stack of {size} bytes");
    }
}

/// Waits below callers that save something, and calls `callee` when it goes on: their frames are still
/// in the stack.
#[inline(never)]
fn wait_and_call(depth: u64, callee: Callee) -> u64 {
    if depth > 0 {
        return wait_and_call(depth - 1, callee).rotate_left(1) ^ depth;
    }
    embed(after_polls(1, ()));
    callee(VALUE, 0.0)
}

const VALUE: u64 = 0xdead_beef_dead_beef;

/// Whether the frames of `depth` callers are as they were after `callee` has used all of the reserve.
fn below_frames(depth: u64, callee: Callee) {
    let expected = (1..=depth).fold(callee(VALUE, 0.0), |it, depth| it.rotate_left(1) ^ depth);
    mask_numbers();
    // On the first stack that is too small one of several is said, depending on where it is noticed.
    expect_trap("coroutine stack overflow");
    for size in (512..8192).step_by(16).rev() {
        let callee = black_box(callee);
        let memory = memory_between_others(size);
        let mut coroutine = RawCoroutine::new(memory, move |_| wait_and_call(depth, callee));
        at_panic(|message| {
            let is_overflow = message.starts_with("coroutine stack overflow: ");
            overwritten().or(is_overflow.then(|| "coroutine stack overflow".to_owned()))
        });
        assert!(poll_once(&mut coroutine).is_pending());
        let StackUsage { frames, shadow } = coroutine.stack_usage();
        let left = coroutine.stack_size() - frames - shadow;
        // 128 are LLVM's.
        assert!(left >= 256 + 128, "{left} bytes are left of a stack of {size}");
        assert_eq!(run(coroutine), (1, expected), "on a stack of {size} bytes");
        assert_eq!(overwritten(), None, "by a stack of {size} bytes");
    }
}

tests! {
    fn frames_above_the_reserve_that_a_leaf_uses() {
        below_frames(20, leaf);
    }

    fn frames_above_the_reserve_that_two_functions_use() {
        below_frames(20, chain::<{ words(128) }, { words(128) }>);
    }

    fn frames_of_many_above_the_reserve() {
        below_frames(60, small::<{ words(256) }>);
    }

    fn a_leaf_in_the_reserve() {
        on_ever_smaller_stacks(leaf);
    }

    fn a_function_that_needs_half_of_the_reserve() {
        on_ever_smaller_stacks(small::<{ words(128) }>);
    }

    fn a_function_that_needs_all_of_the_reserve() {
        on_ever_smaller_stacks(small::<{ words(256) }>);
    }

    fn two_functions_that_need_all_of_the_reserve() {
        on_ever_smaller_stacks(chain::<{ words(128) }, { words(128) }>);
    }
}
