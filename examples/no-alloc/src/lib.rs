//! Two coroutines that talk in Morse code, without an allocator.
//!
//! This file is the program: its memory, the functions that the host calls, and the executor. `morse` is the
//! synchronous code that runs in the coroutines. It waits for `wire` and `timer`. `host` has the functions of the host.

#![no_std]

mod host;
mod morse;
mod timer;
mod wire;

use core::cell::{RefCell, UnsafeCell};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::pin::Pin;
use core::task::{Context, Waker};

use bysyncify::CoreHandle;
use bysyncify::raw::RawCoroutine;

/// The memory of one coroutine: its closure or result, 64 bytes, and its stack.
///
/// A build for release needs a fifth of it, one without optimisation half.
const MEMORY: usize = 4096;

/// A coroutine of a plain function: a type that can be named, and so kept in a `static`.
type Task<T> = RawCoroutine<fn(CoreHandle<'_>) -> T, T>;

struct Program {
    sender: Task<()>,
    /// Returns the number of letters when it is cancelled.
    receiver: Task<u32>,
}

/// A value that is not shared, because there are no threads.
struct SingleThreaded<T>(T);

// SAFETY: this is built for targets without threads (host.mjs starts none).
unsafe impl<T> Sync for SingleThreaded<T> {}

static PROGRAM: SingleThreaded<RefCell<Option<Program>>> = SingleThreaded(RefCell::new(None));

type Memory = SingleThreaded<UnsafeCell<[MaybeUninit<u8>; MEMORY]>>;

static FOR_SENDER: Memory = SingleThreaded(UnsafeCell::new([MaybeUninit::uninit(); MEMORY]));
static FOR_RECEIVER: Memory = SingleThreaded(UnsafeCell::new([MaybeUninit::uninit(); MEMORY]));

/// Called once by the host, before anything else.
#[unsafe(no_mangle)]
pub extern "C" fn start() {
    let mut program = PROGRAM.0.borrow_mut();
    assert!(program.is_none(), "`start` was called twice");
    // SAFETY: nothing else uses this memory, and we come here once.
    let for_sender = unsafe { &mut *FOR_SENDER.0.get() };
    // SAFETY: likewise.
    let for_receiver = unsafe { &mut *FOR_RECEIVER.0.get() };
    *program = Some(Program {
        sender: Task::new(for_sender, |_| morse::send("SOS NO HEAP")),
        receiver: Task::new(for_receiver, |_| morse::receive()),
    });
}

/// Called by the host at first, and then at each time that it was asked for. Returns 1 when there is nothing left to
/// wait for.
///
/// This is the executor. There are two tasks: polling both is less work than knowing which of them can continue, so
/// wakers have nothing to do.
#[unsafe(no_mangle)]
pub extern "C" fn poll() -> u32 {
    let mut program = PROGRAM.0.borrow_mut();
    let Program { sender, receiver } = program.as_mut().expect("the host calls `start` first");
    let mut context = Context::from_waker(Waker::noop());

    let sent = Pin::new(sender).poll(&mut context);
    // The receiver is polled second, so that it hears at once what was sent. It never ends by itself.
    if Pin::new(&mut *receiver).poll(&mut context).is_ready() {
        panic!("the receiver has stopped by itself");
    }
    if sent.is_pending() {
        return 0;
    }
    let letters = receiver.cancel().expect("the receiver returns when it is cancelled");
    host::print(format_args!("\n{letters} letters\n"));
    1
}

/// There is no `std` to print the message of a panic.
#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    host::panicked(info);
    core::arch::wasm32::unreachable()
}
