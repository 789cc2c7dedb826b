//! A panic hook that waits. With `std` the library itself detects it, whatever tool made the module.

use bysyncify::{Coroutine, can_embed, embed, try_embed};
use guest_support::{after_one_poll, at_panic, expect_trap, poll_once, tests};

tests! {
    fn a_panic_hook_cannot_wait() {
        at_panic(|_| Some(format!("{} {:?}", can_embed(), try_embed(after_one_poll(())))));
        let mut coroutine = Coroutine::new(65_536, |_| {
            embed(after_one_poll(()));
            if can_embed() {
                panic!("in a coroutine")
            }
        });
        assert!(poll_once(&mut coroutine).is_pending());
        expect_trap("false Err(NotRunning)");
        let _ = poll_once(&mut coroutine);
    }
}
