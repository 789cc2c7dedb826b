//! The handles that a closure gets.

use bysyncify::{Coroutine, RawCoreHandle};
use guest_support::{run, tests};

use crate::by_all::{POLLS, SUM, v01, v02};

tests! {
    fn a_handle_is_an_awaiter_of_version_0_1() {
        let coroutine = Coroutine::new(8192, |mut handle| v01::by_all(&mut handle));
        assert_eq!(run(coroutine), (POLLS, SUM));
    }

    fn a_handle_is_an_awaiter_of_version_0_2() {
        let coroutine = Coroutine::new(8192, |mut handle| v02::by_all(&mut handle));
        assert_eq!(run(coroutine), (POLLS, SUM));
    }

    fn a_raw_handle_is_an_unsafe_awaiter() {
        let coroutine = Coroutine::new(8192, |handle| {
            let mut raw: RawCoreHandle = handle.raw();
            // SAFETY: the coroutine is the one that runs this.
            let old = unsafe { v01::by_unsafe(&mut raw) };
            // SAFETY: likewise.
            (old, unsafe { v02::by_unsafe(&mut raw) })
        });
        assert_eq!(run(coroutine), (POLLS, (1100, 1100)));
    }

    fn a_reference_to_a_handle_is_an_awaiter() {
        let coroutine = Coroutine::new(8192, |handle| {
            (v01::by_mut(&mut &handle), v02::by_all(&mut &handle))
        });
        assert_eq!(run(coroutine), (7, (1010, SUM)));
    }
}
