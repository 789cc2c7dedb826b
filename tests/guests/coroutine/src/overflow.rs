//! Stacks that are too small: rule S6 in ARCHITECTURE.md.

use bysyncify::{Coroutine, MIN_STACK_SIZE, RawCoroutine, Stack, embed, stack_left};
use guest_support::{
    after_polls, at_panic, expect_overflow_in, expect_trap, is_checked, is_stack_checked,
    mask_numbers, mask_quotes, poll_once, run, tests,
};
use std::hint::black_box;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Uses only locals, so hardly any of the shadow stack.
fn descend(depth: u32) -> u32 {
    if depth == 0 { embed(after_polls(1, 0)) } else { descend(depth - 1) ^ black_box(depth) }
}

/// The bytes that a wait leaves free below the stack pointer: LLVM's red zone, and the reserve for functions without
/// a check.
fn kept_free() -> usize {
    if is_stack_checked() { 384 } else { 128 }
}

/// The expected figures: the bytes that are needed, the bytes that are left, and the stack's size. Not on the heap,
/// because Binaryen's frames overwrite that.
static EXPECTED: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

tests! {
    fn a_stack_of_no_bytes() {
        expect_trap("a stack of 0 bytes is too small for a coroutine: give it at least 512");
        drop(Coroutine::new(0, |_| 1));
    }

    fn a_stack_of_one_byte() {
        expect_trap("a stack of 1 bytes is too small for a coroutine: give it at least 512");
        drop(Coroutine::new(1, |_| 1));
    }

    fn the_smallest_stack() {
        assert_eq!(MIN_STACK_SIZE, 512);
        let coroutine = Coroutine::new(MIN_STACK_SIZE, |_| 42);
        assert_eq!(coroutine.stack_size(), 512);
        assert_eq!(run(coroutine), (1, 42));
    }

    fn a_size_is_rounded_up() {
        assert_eq!(Coroutine::new(1000, |_| 42).stack_size(), 1008);
    }

    fn memory_too_small_for_the_closure() {
        let large = [7u8; 4096];
        expect_trap("4096 bytes are too few for this coroutine: give it 4672");
        drop(Coroutine::with_stack(Stack::new(4096), move |_| large.len()));
    }

    fn a_stack_is_measured_and_reused() {
        let deep = |_: bysyncify::CoreHandle<'_>| {
            let array = [1u8; 1000];
            let array = black_box(&array);
            embed(after_polls(3, 5)) + u32::from(array[999])
        };
        let mut coroutine = Coroutine::with_stack(Stack::painted(16384), deep);
        let mut polls = 1;
        while poll_once(&mut coroutine).is_pending() {
            polls += 1;
        }
        assert_eq!(polls, 4);
        let stack = coroutine.into_stack().expect("it has finished");
        let first = stack.high_water().expect("it was painted");
        assert!(first.shadow >= 1000 && first.shadow < 8192, "{first:?}");
        assert!(first.frames >= 4 && first.frames < 4096, "{first:?}");
        assert_eq!(first.total() % 16, 0);

        // The same again on the same, used stack gives the same figures.
        let mut coroutine = Coroutine::with_stack(stack, deep);
        while poll_once(&mut coroutine).is_pending() {}
        let stack = coroutine.into_stack().expect("it has finished");
        assert_eq!(stack.high_water(), Some(first));

        // And that size is enough.
        assert_eq!(run(Coroutine::new(first.total(), deep)), (4, 6));
    }

    fn asyncify_saves_more_than_there_is_room_for() {
        let mut coroutine = Coroutine::new(1 << 20, |_| descend(200));
        assert!(poll_once(&mut coroutine).is_pending());
        let used = coroutine.stack_usage();
        // Room for the shadow stack, and for half of the saved frames.
        let size = (used.shadow + used.frames / 2).next_multiple_of(16) + 256;
        let mut coroutine = Coroutine::new(size, |_| descend(200));
        let expected = [used.frames, size - used.shadow - kept_free(), size];
        EXPECTED.iter().zip(expected).for_each(|(place, bytes)| place.store(bytes, Ordering::Relaxed));
        expect_trap("as expected");
        at_panic(|message| {
            let [frames, available, size] =
                [0, 1, 2].map(|place: usize| EXPECTED[place].load(Ordering::Relaxed));
            // Where functions are resumed one by one, one word more is needed if the first frame that does not fit
            // lacks no more than that.
            let is_expected = [frames, frames + 4].into_iter().any(|frames| {
                let enough = (size + frames - available).next_multiple_of(16);
                message
                    == format!(
                        "coroutine stack overflow: suspending needed {frames} bytes and {available} \
                         were left of {size}; give the coroutine a stack of at least {enough} bytes"
                    )
            });
            is_expected.then(|| "as expected".to_owned())
        });
        let _ = poll_once(&mut coroutine);
    }

    fn what_the_message_asks_for_is_enough() {
        let mut coroutine = Coroutine::new(1 << 20, |_| descend(200));
        assert!(poll_once(&mut coroutine).is_pending());
        let used = coroutine.stack_usage();
        let enough = (used.shadow + used.frames + kept_free() + 4).next_multiple_of(16);
        let mut coroutine = Coroutine::new(enough, |_| descend(200));
        assert!(poll_once(&mut coroutine).is_pending());
        assert!(poll_once(&mut coroutine).is_ready());
    }

    fn the_shadow_stack_was_below_its_end_between_two_suspends() {
        let (_, memory) = below_and_above();
        let low = memory.as_ptr().addr();
        let mut coroutine = RawCoroutine::new(memory, move |handle| {
            handle.embed(after_polls(1, ()));
            assert_eq!(fill_down_to(low - 100), 1);
            // It is detected even if the future is ready.
            handle.embed(async {});
        });
        assert!(poll_once(&mut coroutine).is_pending());
        expect_overwritten();
        let _ = poll_once(&mut coroutine);
    }

    fn the_shadow_stack_was_below_its_end_before_it_returned() {
        let (_, memory) = below_and_above();
        let low = memory.as_ptr().addr();
        let mut coroutine = RawCoroutine::new(memory, move |_| fill_down_to(low - 100));
        expect_overwritten();
        let _ = poll_once(&mut coroutine);
    }

    fn the_shadow_stack_is_below_its_end_at_a_suspend() {
        let jump = |_: bysyncify::CoreHandle<'_>| {
            // It is not filled, so the canary is not overwritten; there is just no room.
            let array = [const { MaybeUninit::<u8>::uninit() }; 6000];
            let array = black_box(&array);
            embed(after_polls(1, array.len()))
        };
        assert_eq!(run(Coroutine::new(65536, jump)), (2, 6000));

        let (_, memory) = below_and_above();
        let mut coroutine = RawCoroutine::new(memory, jump);
        expect_no_room();
        let _ = poll_once(&mut coroutine);
    }

    fn a_frame_that_was_not_filled_is_below_the_stack_at_a_ready_wait() {
        // A stable sort has an array of 4 KiB on the stack, and uses little of it.
        let (_, memory) = below_and_above();
        let mut coroutine = RawCoroutine::new(memory, |handle| {
            let mut values: Vec<u64> = (0..200).map(|value| value * 7919 % 211).collect();
            values.sort_by(|one, other| {
                handle.embed(async {});
                one.cmp(other)
            });
            values[7]
        });
        expect_no_room();
        let _ = poll_once(&mut coroutine);
    }

    fn what_is_left_of_the_stack_is_that_of_who_asks() {
        assert_eq!(stack_left(), None);
        let outer = Coroutine::new(16384, |_| {
            let before = stack_left().expect("a coroutine is running");
            assert!((8192..=16384 - 128).contains(&before), "{before}");
            let inner = Coroutine::new(65536, |_| {
                assert!((32768..=65536 - 128).contains(&stack_left().unwrap()));
                embed(after_polls(1, ()));
                assert!((32768..=65536 - 128).contains(&stack_left().unwrap()));
            });
            embed(inner);
            // The stack may have frames of callers now.
            let after = stack_left().expect("a coroutine is running");
            assert!((before - 1024..=before).contains(&after), "{before} {after}");
        });
        assert_eq!(run(outer).0, 2);
        assert_eq!(stack_left(), None);
    }

    fn who_asks_what_is_left_can_stop_in_time() {
        fn descend(depth: u32) -> u32 {
            let array = black_box([depth; 64]);
            if stack_left().is_some_and(|left| left < 32768) {
                // There is room for a wait, too.
                return embed(after_polls(1, depth));
            }
            descend(depth + 1) + array[7] - array[8]
        }
        let deepest = run(Coroutine::new(65536, |_| descend(0))).1;
        assert!((40..=32768 / 256).contains(&deepest), "{deepest}");
    }

    fn a_closure_that_does_not_fit_on_its_stack() {
        let large = [7u8; 6000];
        expect_trap(
            "a closure and a result of 6004 bytes do not fit on a stack of 4096: give the \
             coroutine a larger one, or box them",
        );
        drop(Coroutine::new(4096, move |_| large.len()));
    }

    fn a_buffer_of_a_dead_coroutine_does_not_hide_the_message() {
        // Asyncify's last descriptor is that of the first coroutine. Its memory is then filled with values that make
        // the descriptor invalid.
        let mut first = Coroutine::new(8192, |handle| handle.embed(after_polls(1, ())));
        while poll_once(&mut first).is_pending() {}
        drop(first);
        let filled: Vec<u32> = (0..4096).rev().collect();
        let (_, memory) = below_and_above();
        let low = memory.as_ptr().addr();
        let mut coroutine = RawCoroutine::new(memory, move |_| fill_down_to(low - 100));
        expect_overwritten();
        let _ = poll_once(&mut coroutine);
        drop(filled);
    }
}

/// Memory to be overwritten, and memory for a coroutine just above it.
fn below_and_above() -> (&'static mut [MaybeUninit<u8>], &'static mut [MaybeUninit<u8>]) {
    #[repr(align(16))]
    struct Pages([MaybeUninit<u8>; 3 * 4096]);
    let pages = Box::leak(Box::new(Pages([MaybeUninit::uninit(); 3 * 4096])));
    pages.0.split_at_mut(2 * 4096)
}

/// Expects the message of [`fill_down_to`] after it has overwritten memory below the stack. In a module that checks
/// itself, expects the message before that.
fn expect_overwritten() {
    if !expect_overflow_in("guest_coroutine::overflow::fill_down_to") {
        expect_trap(
            "coroutine stack overflow: what lies below the stack was overwritten; give the \
             coroutine a larger one",
        );
    }
}

/// Expects the message of a wait below the stack; in a module that checks itself, the message of the first function
/// there.
fn expect_no_room() {
    if is_checked() {
        mask_quotes();
    }
    if !expect_overflow_in("…") {
        mask_numbers();
        expect_trap(
            "coroutine stack overflow: # bytes are in use before anything is saved and the stack \
             has #; give the coroutine a larger one",
        );
    }
}

/// Fills the stack until it has grown to `address`.
#[inline(never)]
fn fill_down_to(address: usize) -> u8 {
    let mut array = [1u8; 128];
    let array = black_box(&mut array);
    if array.as_ptr().addr() > address { fill_down_to(address) } else { array[7] }
}
