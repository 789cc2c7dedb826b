//! Code that itself switches stacks.

use bysyncify::{Coroutine, embed};
use guest_support::{after_polls, expect_trap, poll_once, run, tests};

fn deep(depth: u32) -> u32 {
    let mut array = [depth; 8];
    let array = std::hint::black_box(&mut array);
    if depth == 0 { embed(after_polls(1, 1)) } else { deep(depth - 1) + array[7] }
}

tests! {
    fn waiting_on_a_stack_that_stacker_made_is_refused() {
        // The new stack is allocated after the coroutine's own, so it is above that.
        let mut coroutine = Coroutine::new(65536, |_| stacker::grow(1 << 20, || deep(100)));
        let guard = vec![0x55u8; 60_000];
        expect_trap(
            "cannot wait on a stack that is not the coroutine's own: code between the coroutine \
             and here has switched to another (`stacker` does)",
        );
        let _ = poll_once(&mut coroutine);
        drop(guard);
    }

    fn stacker_may_be_used_between_two_waits() {
        let coroutine = Coroutine::new(65536, |_| {
            let before = embed(after_polls(1, 1));
            let between = stacker::grow(1 << 20, || std::hint::black_box([2u32; 100_000])[50_000]);
            before + between + embed(after_polls(1, 3))
        });
        assert_eq!(run(coroutine), (3, 6));
    }
}
