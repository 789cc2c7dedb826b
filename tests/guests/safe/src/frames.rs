//! Frames of all sizes and kinds on stacks that are too small: filled or not, of leaf functions and recursions,
//! larger than all addresses below. The memory on either side of the stack must not change. Each program must end
//! with the message that names the function, or with its result.

use bysyncify::{Coroutine, MIN_STACK_SIZE, RawCoroutine, embed};
use guest_support::beside::{memory_between_others, overwritten};
use guest_support::random::Random;
use guest_support::{
    after_polls, expect_overflow_in, mask_numbers, mask_quotes, poll_once, random_seed, run, tests,
};
use std::hint::black_box;
use std::io::{self, Write};
use std::mem::MaybeUninit;

macro_rules! leaf {
    ($name:ident, $first:literal, $second:literal) => {
        /// Has a frame of at most 128 bytes and calls no function: LLVM does not change the stack pointer, and writes
        /// below it.
        #[inline(never)]
        fn $name(x: u64) -> u64 {
            let first = black_box([x; $first]);
            if first[0] == 1 { black_box([x; $second])[0] } else { first[1] }
        }
    };
}

leaf!(leaf_of_96, 4, 8);
leaf!(leaf_of_104, 4, 9);
leaf!(leaf_of_112, 4, 10);
leaf!(leaf_of_80, 2, 8);
leaf!(leaf_of_128, 2, 14);

const LEAVES: [fn(u64) -> u64; 5] = [leaf_of_80, leaf_of_96, leaf_of_104, leaf_of_112, leaf_of_128];

tests! {
    fn a_buffer_of_the_standard_librarys() {
        struct Null(u64);
        impl Write for Null {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0 += black_box(bytes).len() as u64;
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let copy = || io::copy(&mut io::Cursor::new(vec![7; 200]), &mut Null(0)).unwrap();
        assert_eq!(run(Coroutine::new(65536, move |_| copy())), (1, 200));
        may_overflow();
        let stack = memory_between_others(4096);
        // 8 KiB, of which 200 bytes are written.
        run(RawCoroutine::new(stack, move |_| copy()));
        panic!("8 KiB fit into 4");
    }

    fn an_array_larger_than_the_stack() {
        #[inline(never)]
        fn large() -> u8 {
            black_box([7_u8; 200_000])[100]
        }
        let stack = memory_between_others(65536);
        assert!(expect_overflow_in("guest_safe::frames::an_array_larger_than_the_stack::large"));
        run(RawCoroutine::new(stack, |_| large()));
    }

    fn an_array_larger_than_the_stack_that_is_kept_during_a_wait() {
        #[inline(never)]
        fn keeps(at: usize) -> u32 {
            let mut array = [0_u8; 200_000];
            array[at] = 1;
            black_box(&mut array);
            embed(after_polls(1, ()));
            array.iter().map(|it| u32::from(*it)).sum()
        }
        assert_eq!(run(Coroutine::new(300_000, |_| keeps(5))), (2, 1));
        let stack = memory_between_others(65536);
        assert!(expect_overflow_in(
            "guest_safe::frames::an_array_larger_than_the_stack_that_is_kept_during_a_wait::keeps"
        ));
        run(RawCoroutine::new(stack, |_| keeps(5)));
    }

    fn an_array_larger_than_all_that_is_below_it() {
        // Its address would be below 0, and so wraps to a large number.
        #[inline(never)]
        fn enormous() -> u8 {
            let array = [const { MaybeUninit::<u8>::uninit() }; 900_000_000];
            let array = black_box(&array);
            black_box(array.as_ptr().addr()) as u8
        }
        let stack = memory_between_others(65536);
        assert!(expect_overflow_in("guest_safe::frames::an_array_larger_than_all_that_is_below_it::enormous"));
        run(RawCoroutine::new(stack, |_| enormous()));
    }

    fn a_recursion_without_end() {
        #[inline(never)]
        fn recurse(depth: u64) -> u64 {
            let array = black_box([depth; 16]);
            if depth == u64::MAX {
                return 0;
            }
            recurse(depth + 1) + array[7]
        }
        let stack = memory_between_others(65536);
        assert!(expect_overflow_in("guest_safe::frames::a_recursion_without_end::recurse"));
        run(RawCoroutine::new(stack, |_| recurse(0)));
    }

    fn an_array_after_a_wait() {
        #[inline(never)]
        fn large() -> u8 {
            black_box([7_u8; 20_000])[100]
        }
        let stack = memory_between_others(16384);
        let mut coroutine = RawCoroutine::new(stack, |_| {
            embed(after_polls(1, ()));
            large()
        });
        assert!(poll_once(&mut coroutine).is_pending());
        // The stack of the caller, outside of the coroutine, has room.
        assert_eq!(large(), 7);
        assert!(expect_overflow_in("guest_safe::frames::an_array_after_a_wait::large"));
        let _ = poll_once(&mut coroutine);
    }

    fn random_calls_on_random_stacks_1() {
        random_calls(1);
    }

    fn random_calls_on_random_stacks_2() {
        random_calls(2);
    }

    fn random_calls_on_random_stacks_3() {
        random_calls(3);
    }

    fn random_calls_on_random_stacks_4() {
        random_calls(4);
    }

    fn random_calls_on_random_stacks_5() {
        random_calls(5);
    }

    fn random_calls_on_random_stacks_6() {
        random_calls(6);
    }
}

/// Runs random calls on stacks of random sizes, some after a wait, until one does not fit. Each must end with the
/// result for a large stack, or with the message.
fn random_calls(number: u64) {
    let mut random = Random::new(random_seed() ^ number << 32);
    may_overflow();
    for _ in 0..10_000 {
        let size = MIN_STACK_SIZE + 512 + random.below(16384);
        let (calls, waits) = (random.bits(), random.below(3));
        let depth = random.below(16) as u32;
        let expected = call(calls, depth);
        let coroutine = RawCoroutine::new(memory_between_others(size), move |_| {
            embed(after_polls(waits, ()));
            call(calls, depth)
        });
        assert_eq!(run(coroutine), (waits + 1, expected));
        assert_eq!(overwritten(), None);
    }
    panic!("10,000 random stacks were large enough");
}

/// Calls the function that the bits choose.
#[inline(never)]
fn call(bits: u64, depth: u32) -> u64 {
    let (which, rest) = (bits % 16, bits.rotate_right(4));
    let Some(depth) = depth.checked_sub(1) else {
        return LEAVES[which as usize % LEAVES.len()](rest);
    };
    match which {
        0 => filled::<8>(rest, depth),
        1 => filled::<100>(rest, depth),
        2 => filled::<300>(rest, depth),
        3 => filled::<1000>(rest, depth),
        4 => filled::<5000>(rest, depth),
        5 => low_end::<200>(rest, depth),
        6 => low_end::<8192>(rest, depth),
        // Indirect calls.
        7..12 => black_box([filled::<16>, filled::<150>, low_end::<600>, call, aligned])
            [which as usize - 7](rest, depth),
        12 => {
            let mut values: Vec<u64> = (0..40).map(|at| rest.rotate_left(at)).collect();
            values.sort_by_cached_key(|value| call(*value, depth.min(1)));
            values[7]
        }
        13 => format!("{rest:x} {:?}", (depth, call(rest, depth))).len() as u64,
        14 => aligned(rest, depth),
        _ => LEAVES[which as usize % LEAVES.len()](rest) ^ call(rest, depth),
    }
}

/// Writes to its whole frame.
#[inline(never)]
fn filled<const N: usize>(bits: u64, depth: u32) -> u64 {
    let array = black_box([bits as u8; N]);
    call(bits, depth).wrapping_add(array[N / 2].into())
}

/// Writes only to the low end of its frame.
#[inline(never)]
fn low_end<const N: usize>(bits: u64, depth: u32) -> u64 {
    let mut array = [const { MaybeUninit::<u8>::uninit() }; N];
    black_box(&mut array)[0].write(bits as u8);
    let below = call(bits, depth);
    black_box(&array);
    below.wrapping_add(1)
}

/// Has a frame whose size depends on the stack pointer.
#[inline(never)]
fn aligned(bits: u64, depth: u32) -> u64 {
    #[repr(align(64))]
    struct Aligned([u64; 20]);
    let array = black_box(Aligned([bits; 20]));
    call(bits, depth) ^ array.0[(bits % 20) as usize]
}

/// Accepts the message of an overflow in any function, as well as the right result.
fn may_overflow() {
    mask_numbers();
    mask_quotes();
    assert!(expect_overflow_in("…"));
}
