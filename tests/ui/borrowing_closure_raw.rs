//! As in `borrowing_closure`, in memory of one's own.

use bysyncify::raw::RawCoroutine;
use std::mem::MaybeUninit;

fn main() {
    let memory = Box::leak(Box::new([MaybeUninit::uninit(); 4096]));
    let local = String::from("local");
    let coroutine = RawCoroutine::new(memory, |_| local.len());
    std::mem::forget(coroutine);
}
