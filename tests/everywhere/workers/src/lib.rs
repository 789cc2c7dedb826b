//! Coroutines on several threads that share a memory. Each thread is an instance, with a stack and
//! thread-local variables of its own, and runs coroutines of its own.

use std::alloc::{Layout, alloc};
use std::cell::Cell;
use std::future::poll_fn;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use bysyncify::{Coroutine, can_embed, embed};

/// Of all threads.
static FINISHED: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Of this one.
    static MINE: Cell<u32> = const { Cell::new(0) };
}

fn after_polls(count: u32) -> impl Future<Output = ()> {
    let mut left = count;
    poll_fn(move |_| match left {
        0 => Poll::Ready(()),
        _ => {
            left -= 1;
            Poll::Pending
        }
    })
}

/// Runs so many coroutines, and returns how many of them went wrong.
// SAFETY: no other symbol is called so.
#[unsafe(no_mangle)]
extern "C" fn work(coroutines: u32) -> u32 {
    let mut wrong = 0;
    for number in 0..coroutines {
        let mut coroutine = Coroutine::new(16 * 1024, move |_| {
            let array = [number; 200];
            embed(after_polls(2));
            FINISHED.fetch_add(1, Ordering::SeqCst);
            MINE.set(MINE.get() + 1);
            let doubled: Vec<u32> = black_box(array).iter().map(|it| it.wrapping_mul(2)).collect();
            embed(after_polls(1));
            doubled.iter().fold(0, |sum: u32, it| sum.wrapping_add(*it))
        });
        let mut polls = 1;
        let sum = loop {
            match Pin::new(&mut coroutine).poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(sum) => break sum,
                Poll::Pending => polls += 1,
            }
            wrong += u32::from(can_embed());
        };
        wrong += u32::from(sum != number.wrapping_mul(400) || polls != 4);
    }
    wrong + coroutines.abs_diff(MINE.get())
}

/// How many coroutines have got half way, on all threads.
// SAFETY: no other symbol is called so.
#[unsafe(no_mangle)]
extern "C" fn finished() -> u32 {
    FINISHED.load(Ordering::SeqCst)
}

/// Memory for a thread's stack and its thread-local variables.
// SAFETY: no other symbol is called so.
#[unsafe(no_mangle)]
extern "C" fn allocate(size: usize) -> *mut u8 {
    let layout = Layout::from_size_align(size.max(1), 64).expect("a size that the memory has");
    // SAFETY: it is not zero.
    unsafe { alloc(layout) }
}
