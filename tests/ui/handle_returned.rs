//! A handle does not leave its closure: as its result.

use bysyncify::Coroutine;

fn main() {
    drop(Coroutine::new(4096, |handle| handle));
}
