//! Functions without their own check, called where the stack has just enough room for their checked caller. They must
//! stay within the reserve, the bytes at the stack's low end that are kept free for them.
//!
//! ```text
//!   low end                    limit
//!   ├── red zone ─┬── reserve ───┼──────────────────────┬─────────────────
//!   │  ◄── leaf() │  ◄── small() │ ◄── above()          │ ◄── coroutine
//! ```
//!
//! Each stack is 16 bytes smaller than the previous one, until the function with the check ends the program. So on
//! the last stack that is large enough, that function came as close to the limit as possible.

use bysyncify::raw::RawCoroutine;
use bysyncify::{StackUsage, embed};
use guest_support::beside::{memory_between_others, overwritten};
use guest_support::{
    after_polls, at_panic, expect_overflow_in, expect_trap, mask_numbers, poll_once, run, tests,
};
use std::hint::black_box;

/// Makes the compiler keep an array that is not read. At opt-level 0 it does so anyway, and there `black_box` would
/// be a real call: its caller would not be a leaf function.
macro_rules! keep {
    ($array:ident) => {
        #[cfg(not(debug_assertions))]
        black_box(&$array);
    };
}

/// The length of an array that fits into a frame. The rest of the frame is for the argument at opt-level 0, and for
/// the argument of `black_box` at other levels.
const fn words(bytes: usize) -> usize {
    bytes / 8 - 1
}

/// A function that is called indirectly. The `f32` makes its type unique. Otherwise these functions would have many
/// possible callers, and those without a check would leave less of the reserve.
type Callee = fn(u64, f32) -> u64;

/// Calls no function, and has a frame of at most 128 bytes: LLVM does not change the stack pointer, and writes below
/// it.
#[inline(never)]
fn leaf(value: u64, _: f32) -> u64 {
    let array = [value; words(128)];
    keep!(array);
    array[0]
}

/// Has no check, if it needs no more than the reserve: its caller has one.
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

/// Has a check, because it may call anything. It needs more than the code that begins and ends a coroutine, so its
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

/// Waits below callers that save something, and calls `callee` after it is resumed: then the callers' frames are
/// still in the stack.
#[inline(never)]
fn wait_and_call(depth: u64, callee: Callee) -> u64 {
    if depth > 0 {
        return wait_and_call(depth - 1, callee).rotate_left(1) ^ depth;
    }
    embed(after_polls(1, ()));
    callee(VALUE, 0.0)
}

const VALUE: u64 = 0xdead_beef_dead_beef;

/// Tests that the frames of `depth` callers are unchanged after `callee` has used the whole reserve.
fn below_frames(depth: u64, callee: Callee) {
    let expected = (1..=depth).fold(callee(VALUE, 0.0), |it, depth| it.rotate_left(1) ^ depth);
    mask_numbers();
    // On the first stack that is too small, the message depends on where the overflow is detected.
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
        // 128 of these bytes are LLVM's red zone.
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
