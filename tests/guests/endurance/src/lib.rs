//! Millions of suspends, and very many coroutines: memory does not grow, and no value is lost. Also random programs
//! that do the same as `async fn`s ([`twins`]).

mod twins;

use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

use bysyncify::{CoreHandle, Coroutine, EmbedError, abandoned_coroutines};
use guest_support::{poll_once, tests};

/// The address of a frame above the caller's. It is the same for all calls from one function.
#[inline(never)]
fn stack_pointer() -> usize {
    let local = 0u8;
    black_box(&raw const local).addr()
}

/// The size of the memory.
fn pages() -> usize {
    core::arch::wasm32::memory_size(0)
}

/// A future that is pending once.
#[derive(Default)]
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// Suspends `count` times, with data on the stack. Returns how often it was resumed.
fn count_up(handle: CoreHandle<'_>, count: u32) -> u32 {
    let mut resumed = [0; 8];
    for index in 0..count {
        handle.embed(Once::default());
        black_box(&mut resumed)[index as usize % 8] += 1;
    }
    resumed.iter().sum()
}

tests! {
    fn ten_million_suspends_in_one_coroutine() {
        const COUNT: u32 = 10_000_000;
        let mut coroutine = Coroutine::new(4096, |handle| count_up(handle, COUNT));
        let before = stack_pointer();
        let mut early = None;
        for polls in 0..COUNT {
            assert!(poll_once(&mut coroutine).is_pending());
            if polls == 1000 {
                early = Some((before, pages(), coroutine.stack_usage()));
            }
        }
        assert_eq!(Some((stack_pointer(), pages(), coroutine.stack_usage())), early);
        assert_eq!(poll_once(&mut coroutine), Poll::Ready(COUNT));
    }

    fn a_hundred_thousand_coroutines_at_once() {
        const COUNT: usize = 100_000;
        let before = stack_pointer();
        let mut coroutines: Vec<_> = (0..COUNT)
            .map(|index| {
                Coroutine::new(1024, move |handle| {
                    let mine = black_box([index; 4]);
                    handle.embed(Once::default());
                    handle.embed(Once::default());
                    mine.iter().sum::<usize>()
                })
            })
            .collect();
        for coroutine in &mut coroutines {
            assert!(poll_once(coroutine).is_pending());
        }
        // Backwards, because the test must not depend on the order.
        for coroutine in coroutines.iter_mut().rev() {
            assert!(poll_once(coroutine).is_pending());
        }
        let full = pages();
        for (index, coroutine) in coroutines.iter_mut().enumerate() {
            assert_eq!(poll_once(coroutine), Poll::Ready(4 * index));
        }
        drop(coroutines);
        assert_eq!((stack_pointer(), pages()), (before, full));
        // All memory was freed: there is room for the same number again.
        let again: Vec<_> = (0..COUNT).map(|_| Coroutine::new(1024, |_| ())).collect();
        assert_eq!((again.len(), pages()), (COUNT, full));
    }

    fn a_million_coroutines_one_after_the_other() {
        let before = stack_pointer();
        let mut early = None;
        for index in 0..1_000_000 {
            let mut coroutine = Coroutine::new(4096, move |_| index);
            assert_eq!(poll_once(&mut coroutine), Poll::Ready(index));
            drop(coroutine);
            if index == 1000 {
                early = Some((before, pages()));
            }
        }
        assert_eq!(Some((stack_pointer(), pages())), early);
    }

    fn a_million_coroutines_cancelled() {
        let before = stack_pointer();
        let mut early = None;
        for index in 0..1_000_000 {
            let mut coroutine = Coroutine::new(4096, move |handle| {
                assert_eq!(handle.try_embed(Once::default()), Err(EmbedError::Cancelled));
                index
            });
            assert!(poll_once(&mut coroutine).is_pending());
            assert_eq!(coroutine.cancel(), Some(index));
            drop(coroutine);
            if index == 1000 {
                early = Some((before, pages()));
            }
        }
        assert_eq!(Some((stack_pointer(), pages())), early);
        assert_eq!(abandoned_coroutines(), 0);
    }
}
