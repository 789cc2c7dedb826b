//! A panic that passes through the switch, although the library normally catches it before that.

use std::future::poll_fn;
use std::ptr;
use std::task::Poll;

use bysyncify::raw::AbiTag;
use bysyncify::{Coroutine, can_embed, embed};
use guest_support::{expect_trap, is_stack_checked, poll_once, tests};

use crate::caught;

#[allow(improper_ctypes, reason = "a `AbiTag` is a number")]
unsafe extern "C-unwind" {
    /// Calls `function(data)` as if no coroutine were running: `build/switch.wat`.
    fn bysyncify_outside(function: extern "C-unwind" fn(*mut (), AbiTag), data: *mut ());
}

extern "C-unwind" fn panics(_: *mut (), _: AbiTag) {
    assert!(!can_embed());
    panic!("outside");
}

tests! {
    /// In a module from our linker no panic that can be caught gets this far: see `caught`.
    fn one_that_the_future_catches_that_is_waited_for() {
        if is_stack_checked() {
            return;
        }
        let mut coroutine = Coroutine::new(65_536, |_| {
            embed(poll_fn(|_| -> Poll<()> {
                // SAFETY: `panics` may be called with anything.
                let call = || unsafe { bysyncify_outside(panics, ptr::null_mut()) };
                assert_eq!(caught(call), Some("outside".into()));
                Poll::Pending
            }));
        });
        expect_trap(
            "cannot suspend: a panic has left the coroutine, and was caught by the future that it waits \
             for; link with `bysyncify-ld`, which brings the coroutine back",
        );
        let _ = poll_once(&mut coroutine);
    }
}
