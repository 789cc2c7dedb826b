//! The memory of a coroutine is not borrowed: it would end before a coroutine that is forgotten.

use bysyncify::raw::RawCoroutine;
use std::mem::MaybeUninit;

fn main() {
    let mut memory = [MaybeUninit::uninit(); 4096];
    let coroutine = RawCoroutine::new(&mut memory, |_| 1);
    std::mem::forget(coroutine);
}
