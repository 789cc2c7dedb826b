//! What `twice.mjs` calls: the host goes on after a panic that nobody has caught.

use std::cell::Cell;
use std::hint::black_box;

use bysyncify::{Coroutine, can_embed};
use guest_support::{poll_once, start};

use crate::caught;

thread_local! {
    static OTHERS: Cell<Vec<[u8; 1024]>> = const { Cell::new(Vec::new()) };
}

/// Panics in a coroutine and catches that, if it is to; panics again, and nobody catches that.
// SAFETY: no other symbol has this name.
#[unsafe(export_name = "host panics")]
extern "C" fn panics(catches_first: u32) {
    start();
    OTHERS.set((0..64).map(|_| [0x11; 1024]).collect());
    let mut coroutine = Coroutine::new(32_768, move |_| {
        if catches_first == 1 {
            caught(|| panic!("caught"));
        }
        if can_embed() {
            panic!("not caught")
        }
    });
    let _ = poll_once(&mut coroutine);
}

/// Where the stack is.
// SAFETY: as above.
#[unsafe(export_name = "host here")]
extern "C" fn here() -> usize {
    black_box(&0_u8) as *const u8 as usize
}

/// How many bytes of what `panics` has filled have changed, after a deep recursion.
// SAFETY: as above.
#[unsafe(export_name = "host changed")]
extern "C" fn changed(depth: u32) -> usize {
    deep(depth);
    let others = OTHERS.take();
    assert_eq!(others.len(), 64);
    others.iter().map(|other| other.iter().filter(|byte| **byte != 0x11).count()).sum()
}

#[inline(never)]
fn deep(n: u32) -> u32 {
    let numbers = black_box([n; 64]);
    if n == 0 { 0 } else { deep(n - 1) + numbers[3] }
}
