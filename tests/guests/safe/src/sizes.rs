//! Stacks of any size, at any address, for closures and results of any size and alignment.

use bysyncify::{Coroutine, RawCoroutine, Stack, embed};
use guest_support::{after_polls, expect_trap, mask_numbers, poll_once, run, tests};
use std::hint::black_box;
use std::mem::MaybeUninit;

#[derive(Clone)]
#[repr(align(4096))]
struct Page(u8);

#[repr(align(64))]
struct Nothing;

tests! {
    fn a_stack_of_all_addresses() {
        expect_trap("there is no memory for a stack of 4294967295 bytes");
        drop(Coroutine::new(usize::MAX, |_| ()));
    }

    fn a_stack_of_half_the_addresses() {
        mask_numbers();
        expect_trap("there is no memory for a stack of # bytes");
        drop(Coroutine::new(isize::MAX as usize, |_| ()));
    }

    fn a_stack_of_three_gigabytes() {
        expect_trap("there is no memory for a stack of 3221225472 bytes");
        drop(Coroutine::with_stack(Stack::new(3 << 30), |_| ()));
    }

    fn a_stack_of_its_own_of_all_addresses() {
        expect_trap("there is no memory for a stack of 4294967295 bytes");
        drop(Stack::new(usize::MAX));
    }

    fn sizes_that_are_too_small_say_what_is_needed() {
        // Other sizes, each in its own instance, would show no more: nothing is written before the check.
        let needed = Coroutine::new(512, |_| ());
        assert_eq!(needed.stack_size(), 512);
        expect_trap("a stack of 511 bytes is too small for a coroutine: give it at least 512");
        drop(Coroutine::new(511, |_| ()));
    }

    fn a_closure_with_an_alignment_of_its_own() {
        for size in [65536, 65552, 70000] {
            let page = Page(7);
            let coroutine = Coroutine::new(size, move |_| {
                let at = (&raw const page).addr();
                embed(after_polls(1, ()));
                (at % 4096, (&raw const page).addr() % 4096, page.0, page.clone().0)
            });
            assert_eq!(run(coroutine), (2, (0, 0, 7, 7)), "{size}");
        }
    }

    fn a_result_of_no_size_with_an_alignment() {
        let nothing = Nothing;
        let (_, result) = run(Coroutine::new(1024, move |_| {
            let _nothing = &nothing;
            Nothing
        }));
        assert_eq!((&raw const result).addr() % 64, 0);
    }

    fn memory_at_any_address() {
        for skip in 0..17 {
            let memory: &'static mut [_] = Box::leak(Box::new_uninit_slice(8192));
            let memory: &'static mut [MaybeUninit<u8>] = &mut memory[skip..];
            let coroutine = RawCoroutine::new(memory, move |_| {
                embed(after_polls(1, ()));
                skip
            });
            assert_eq!(run(coroutine), (2, skip));
        }
    }

    fn one_painted_stack_for_many() {
        let mut stack = Stack::painted(20000);
        for turn in 0..50_usize {
            let mut coroutine = Coroutine::with_stack(stack, move |_| {
                let array = [turn; 300];
                embed(after_polls(turn % 3, ()));
                black_box(&array)[7]
            });
            while poll_once(&mut coroutine).is_pending() {}
            stack = coroutine.into_stack().expect("it has finished");
            let used = stack.high_water().expect("it is painted");
            assert!((1200..20000).contains(&used.shadow), "{used:?}");
        }
    }
}
