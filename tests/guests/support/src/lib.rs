//! Shared code of the test guests: the `tests!` macro, the host's functions, and a few futures.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

pub mod beside;
mod host;
#[cfg(not(target_family = "wasm"))]
pub mod native;
pub mod random;

pub use host::{
    Look, allow_trap, at_panic, expect_overflow_in, expect_trap, is_checked, is_stack_checked, log,
    mask_numbers, mask_quotes, random_seed, start, tell_all_messages,
};

/// Exports each function as a test: the harness runs it in its own instance. On the host it is a test of
/// `cargo test`, and runs in its own process.
#[macro_export]
macro_rules! tests {
    ($($(#[$meta:meta])* fn $name:ident() $body:block)*) => {$(
        $(#[$meta])*
        #[cfg(any(target_family = "wasm", not(test)))]
        #[cfg_attr(
            target_family = "wasm",
            // SAFETY: a space in the name, so it clashes with no symbol of C or Rust.
            unsafe(export_name = concat!("test ", stringify!($name)))
        )]
        #[cfg_attr(
            not(target_family = "wasm"),
            // SAFETY: nobody else has such names. Linkers for the host know no spaces.
            unsafe(export_name = concat!("guest_test_", stringify!($name)))
        )]
        extern "C" fn $name() {
            $crate::start();
            $body
        }

        $(#[$meta])*
        #[cfg(all(test, not(target_family = "wasm")))]
        #[test]
        fn $name() {
            $crate::native::run(module_path!(), stringify!($name), || $body);
        }
    )*};
}

/// A future that is pending once, then ready with its argument. Wakes the waker that it was polled with.
pub fn after_one_poll<T: Unpin>(value: T) -> impl Future<Output = T> + Unpin {
    after_polls(1, value)
}

/// A future that is pending `count` times, then ready with its argument.
pub fn after_polls<T: Unpin>(count: usize, value: T) -> impl Future<Output = T> + Unpin {
    let (mut left, mut value) = (count, Some(value));
    std::future::poll_fn(move |cx| match left {
        0 => Poll::Ready(value.take().expect("polled once after it was ready")),
        _ => {
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
}

/// Polls once, with a waker that does nothing.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until the future is ready. Returns the number of polls, and the output.
pub fn run<F: Future + Unpin>(mut future: F) -> (usize, F::Output) {
    for polls in 1.. {
        if let Poll::Ready(output) = poll_once(&mut future) {
            return (polls, output);
        }
    }
    unreachable!("polled for ever")
}

/// Calls `wait`, and again if that is unwound. So a coroutine that is dropped meanwhile is abandoned, even where a
/// wait that cannot return is unwound. In WebAssembly it is abandoned anyway.
pub fn insistently<R>(mut wait: impl FnMut() -> R) -> R {
    if cfg!(target_family = "wasm") {
        return wait();
    }
    loop {
        match std::panic::catch_unwind(std::panic::AssertUnwindSafe(&mut wait)) {
            Ok(value) => return value,
            Err(payload) => std::mem::forget(payload),
        }
    }
}

/// The events in their order. Tests assert all of them.
#[derive(Clone, Debug, Default)]
pub struct Trace(Rc<RefCell<Vec<String>>>);

impl Trace {
    /// Adds a line.
    pub fn add(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    /// Takes all lines so far.
    pub fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// Adds `drop <name>` to a trace when it is dropped.
#[derive(Debug)]
pub struct Droppy(pub Trace, pub &'static str);

impl Drop for Droppy {
    fn drop(&mut self) {
        self.0.add(format!("drop {}", self.1));
    }
}

/// A waker that counts its wakes.
#[derive(Debug, Default)]
pub struct CountingWaker(AtomicUsize);

impl CountingWaker {
    /// How often it was woken.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A value that one side sets and the other waits for. It keeps the last waker that was registered.
#[derive(Debug, Default)]
pub struct Gate<T> {
    value: RefCell<Option<T>>,
    waker: RefCell<Option<Waker>>,
}

impl<T> Gate<T> {
    /// Opens the gate, and wakes the waiter.
    pub fn open(&self, value: T) {
        *self.value.borrow_mut() = Some(value);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The waker that was last registered.
    pub fn waker(&self) -> Option<Waker> {
        self.waker.borrow().clone()
    }

    /// Waits until the gate is open.
    pub async fn pass(&self) -> T {
        std::future::poll_fn(|cx| match self.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                *self.waker.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}
