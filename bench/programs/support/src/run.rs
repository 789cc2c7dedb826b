//! Running a program: as it is, or in a coroutine with the simplest of all executors.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bysyncify::Coroutine;

use crate::Source;

/// The coroutine's stack: several times what the programs use.
const STACK_SIZE: usize = 1024 * 1024;

thread_local! {
    static INPUT: Cell<&'static [u8]> = const { Cell::new(&[]) };
    static RESULT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static SUSPENDS: Cell<u32> = const { Cell::new(0) };
}

/// Makes room for the input and returns where it is to be written, before the first run.
#[must_use]
pub fn provide(len: usize) -> *mut u8 {
    // A panic traps, and then its message is the result.
    std::panic::set_hook(Box::new(|info| RESULT.set(info.to_string().into_bytes())));
    let input = Vec::leak(vec![0; len]);
    let place = input.as_mut_ptr();
    INPUT.set(input);
    place
}

/// Runs the program outside every coroutine; the checksum of its result.
pub fn plain(main: impl FnOnce(Source) -> Vec<u8>) -> u32 {
    SUSPENDS.set(0);
    finish(main(Source::new(INPUT.get())))
}

/// Runs the program in a coroutine, which is polled until it is ready.
pub fn inside(main: impl FnOnce(Source) -> Vec<u8> + 'static) -> u32 {
    let source = Source::new(INPUT.get());
    let mut coroutine = Coroutine::new(STACK_SIZE, move |_| main(source));
    let mut context = Context::from_waker(Waker::noop());
    for suspends in 0.. {
        if let Poll::Ready(result) = Pin::new(&mut coroutine).poll(&mut context) {
            SUSPENDS.set(suspends);
            return finish(result);
        }
    }
    unreachable!("suspended more often than can be counted")
}

/// How often the last run was suspended.
#[must_use]
pub fn suspends() -> u32 {
    SUSPENDS.get()
}

/// Where the last run's result lies.
#[must_use]
pub fn result() -> *const u8 {
    RESULT.with_borrow(|result| result.as_ptr())
}

/// How long it is.
#[must_use]
pub fn result_len() -> usize {
    RESULT.with_borrow(Vec::len)
}

fn finish(result: Vec<u8>) -> u32 {
    let checksum = checksum(&result);
    RESULT.set(result);
    checksum
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u32 {
    let mix = |hash: u32, byte: &u8| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
    bytes.iter().fold(0x811c_9dc5, mix)
}
