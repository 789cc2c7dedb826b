//! Memory beside a coroutine's stack, which must not change.

use std::cell::Cell;
use std::mem::MaybeUninit;

use crate::host::at_panic;

thread_local! {
    /// The memory below and above the stack that was made last.
    static BESIDE: Cell<Option<[&'static [MaybeUninit<u8>]; 2]>> = const { Cell::new(None) };
}

/// The number of bytes on either side of a stack.
const MARGIN: usize = 4096;
const UNTOUCHED: u8 = 0x11;

/// Memory for a coroutine, with other memory on both sides. From now on a panic checks that memory: if it has
/// changed, the panic's message is replaced.
pub fn memory_between_others(size: usize) -> &'static mut [MaybeUninit<u8>] {
    let all = vec![MaybeUninit::new(UNTOUCHED); size + 2 * MARGIN].leak();
    let (below, rest) = all.split_at_mut(MARGIN);
    let (stack, above) = rest.split_at_mut(size);
    BESIDE.set(Some([below, above]));
    at_panic(|_| overwritten());
    stack
}

/// An error message, if memory beside the stack has changed.
pub fn overwritten() -> Option<String> {
    let is_changed = |byte: &MaybeUninit<u8>| {
        // SAFETY: all of it was written when it was made.
        unsafe { byte.assume_init() != UNTOUCHED }
    };
    let changed = BESIDE.get()?.map(|side| side.iter().filter(|byte| is_changed(byte)).count());
    (changed != [0, 0]).then(|| format!("{changed:?} bytes beside the stack were overwritten"))
}
